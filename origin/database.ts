/**
 * The origin's connections to Postgres, each pool for one kind of work.
 *
 * Invariant: nobody waits for a connection behind another kind of work: a read never waits behind
 * a transaction that waits for the log's lock, nor either behind the auditors.
 *
 * @module
 */

import { createSql, type Sql, sqlStateOf } from "./store/sql.ts";
import { pause } from "shared/pause.ts";
import { migrate } from "./store/migrate.ts";

export interface Database extends AsyncDisposable {
  readonly commits: Sql;
  readonly reads: Sql;
  /** Auditors and push. */
  readonly background: Sql;
}

export interface DatabaseOptions {
  url: string;
  /** What Postgres lists the connections as. */
  name: string;
  maxConnections: number;
  /** Ends the waiting for a database that is not there. */
  signal: AbortSignal;
  onWait: (error: unknown) => void;
}

const COMMIT_CONNECTIONS = 2;
const RETRY_MS = 500;
const END_TIMEOUT_S = 5;
/** Ways of the driver and the system to say that nobody is there, or not yet. */
const AWAY = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ETIMEDOUT",
  "CONNECT_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "57P01",
  "57P02",
  "57P03",
]);

/** How the connections are shared out. */
export function poolSizes(maxConnections: number) {
  const rest = maxConnections - COMMIT_CONNECTIONS;
  const background = Math.ceil(rest / 3);
  return { commits: COMMIT_CONNECTIONS, background, reads: rest - background };
}

/**
 * Brings the database to this release's schema, waiting for it as long as it is away.
 *
 * @throws {Error} When it cannot be migrated, refuses us, or on abort.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  await using stack = new AsyncDisposableStack();
  const pool = (kind: string, maxConnections: number) => {
    const sql = createSql(options.url, { name: `${options.name} ${kind}`, maxConnections });
    stack.defer(() => sql.end({ timeout: END_TIMEOUT_S }));
    return sql;
  };
  const sizes = poolSizes(options.maxConnections);
  const background = pool("background", sizes.background);
  await migrateOnceThere(background, options);
  const commits = pool("commits", sizes.commits);
  const reads = pool("reads", sizes.reads);
  const owned = stack.move();
  return { commits, reads, background, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function migrateOnceThere(sql: Sql, { signal, onWait }: DatabaseOptions): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    try {
      await migrate(sql);
      return;
    } catch (error) {
      if (!isAway(error)) throw error;
      onWait(error);
      await pause(RETRY_MS, signal);
    }
  }
}

function isAway(error: unknown): boolean {
  const code = sqlStateOf(error) ?? (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && AWAY.has(code);
}
