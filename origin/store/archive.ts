/**
 * Whether Postgres keeps its log elsewhere, so that it can be restored: as it tells, and as metrics.
 *
 * Invariant: a database that is away, or that archives nothing, shows nothing, and nobody waits for
 * it but who reads the metrics, and no longer than `PATIENCE_MS`.
 *
 * @module
 */

import { Gauge, type Registry } from "prom-client";
import { askedOnce } from "shared/metrics.ts";
import type { Turns } from "shared/turns.ts";
import { within } from "../within.ts";
import type { Sql } from "./sql.ts";

/** How Postgres keeps its log (WAL), as it tells itself. */
export interface WalArchive {
  isOn: boolean;
  /** How long a piece of the log may wait to be full; 0: for ever. */
  timeoutS: number;
  /** Whether the last try failed. */
  isFailing: boolean;
  /** Since a piece was archived; if none ever was, since Postgres counts. */
  ageMs: number;
}

/** Any role may ask. */
export async function readWalArchive(sql: Sql): Promise<WalArchive> {
  const [archive] = await sql<WalArchive[]>`
    select current_setting('archive_mode') <> 'off' as "isOn",
      (select setting::int from pg_settings where name = 'archive_timeout') as "timeoutS",
      coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) as "isFailing",
      (extract(epoch from clock_timestamp() - coalesce(last_archived_time, stats_reset))
        * 1000)::float8 as "ageMs"
    from pg_stat_archiver`;
  return archive!;
}

const PATIENCE_MS = 1_000;
const UNKNOWN = { failing: NaN, ageS: NaN };

/** Asked of the database whenever the metrics are read. */
export function measureWalArchive(
  registry: Registry,
  read: () => Promise<WalArchive>,
  turns: Pick<Turns, "later">,
): void {
  const shown = askedOnce(async () => {
    const archive = await within(PATIENCE_MS, read(), "ask for the archive", turns)
      .catch(() => undefined);
    if (!archive?.isOn) return UNKNOWN;
    return { failing: +archive.isFailing, ageS: archive.ageMs / 1000 };
  });
  new Gauge({
    name: "fanfare_origin_archive_failing",
    help: "1 while Postgres' last try to archive its log failed; nothing when it does not archive",
    registers: [registry],
    async collect() {
      this.set((await shown()).failing);
    },
  });
  new Gauge({
    name: "fanfare_origin_archive_age_seconds",
    help: "Since Postgres archived a piece of its log: what losing its machine now would cost",
    registers: [registry],
    async collect() {
      this.set((await shown()).ageS);
    },
  });
}
