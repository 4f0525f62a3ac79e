/**
 * The origin's connections to Postgres, each pool for one kind of work.
 *
 * Invariant: nobody waits for a connection behind another kind of work: a read never waits behind
 * a transaction that waits for the log's lock, nor either behind the auditors. Nobody works with a
 * standby, whose answers may be old: an address that leads to one leads to nobody yet. Looking once,
 * when a session begins, is enough: a primary becomes a standby only by a restart, which ends it.
 *
 * @module
 */

import { pause } from "shared/pause.ts";
import { readMigrations } from "./store/schema.ts";
import { createSql, type Sql, sqlStateOf } from "./store/sql.ts";
import { assertUsable } from "./store/usable.ts";

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
  "57014", // given up by the server after a while: it is busy
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
 * Waits for the database as long as it is away, and sees that it is what this release needs.
 *
 * @throws {Error} When it is not, refuses us, or on abort.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  await using stack = new AsyncDisposableStack();
  const pool = (kind: string, maxConnections: number) => {
    const name = `${options.name} ${kind}`;
    const sql = createSql(options.url, { name, maxConnections, primaryOnly: true });
    stack.defer(() => sql.end({ timeout: END_TIMEOUT_S }));
    return sql;
  };
  const sizes = poolSizes(options.maxConnections);
  const background = pool("background", sizes.background);
  await assertUsableOnceThere(background, options);
  const commits = pool("commits", sizes.commits);
  const reads = pool("reads", sizes.reads);
  const owned = stack.move();
  return { commits, reads, background, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function assertUsableOnceThere(
  sql: Sql,
  { signal, onWait }: DatabaseOptions,
): Promise<void> {
  const migrations = await readMigrations();
  for (;;) {
    signal.throwIfAborted();
    try {
      return await assertUsable(sql, migrations);
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
