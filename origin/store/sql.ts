/**
 * The connection to Postgres.
 *
 * Invariant: a `Sql` of ours reads `bigint` as a number (gsids have 53 bits) and never waits for
 * ever: connecting and every statement have a limit, and a server that comes back is found again
 * within a second. What must be atomic is one statement. Knows no table.
 *
 * @module
 */

import postgres from "postgres";
import { decodeArray, encodeArray } from "./arrays.ts";
import { renewed } from "./renewed.ts";
import { tlsOf } from "./tls.ts";

type Driver = postgres.Sql<{ bigint: number }>;
export type Transaction = postgres.TransactionSql<{ bigint: number }>;
/** `begin` is out of reach: see `inTransaction`. */
export type Sql = Driver & { readonly begin: never };

export interface SqlOptions {
  /** Shown in `pg_stat_activity`. */
  name: string;
  maxConnections: number;
  /** After this the server gives a statement up, waiting for a lock included. Default: 4,000. */
  statementTimeoutMs?: number;
  /** A standby is as good as nobody there: what it says may be old, and it takes no writes. */
  primaryOnly?: true;
}

const CONNECT_TIMEOUT_S = 3;
const MAX_BACKOFF_S = 0.5;

/** @throws {Error} When `url` names an authority for TLS that cannot be read. */
export function createSql(address: string, options: SqlOptions): Sql {
  const { url, ca } = tlsOf(address, Deno.readTextFileSync);
  const open = (onclose: () => void): Driver =>
    postgres(url, {
      onclose,
      ...(ca !== undefined && { ssl: { ca } }),
      ...(options.primaryOnly && { target_session_attrs: "primary" as const }),
      max: options.maxConnections,
      connect_timeout: CONNECT_TIMEOUT_S,
      backoff: (attempt) => Math.min(0.05 * 2 ** attempt, MAX_BACKOFF_S),
      prepare: true,
      onnotice: () => {},
      fetch_types: false,
      connection: {
        application_name: options.name,
        statement_timeout: options.statementTimeoutMs ?? 4_000,
        idle_in_transaction_session_timeout: 10_000,
      },
      types: {
        bigint: {
          to: 20,
          from: [20],
          serialize: String,
          parse: Number,
        },
        texts: {
          to: 1009,
          from: [1009],
          serialize: encodeArray,
          parse: (text: string) => decodeArray(text, String),
        },
        bigints: {
          to: 1016,
          from: [1016],
          serialize: encodeArray,
          parse: (text: string) => decodeArray(text, Number),
        },
      },
    });
  return renewed(open) as Sql;
}

/**
 * Several statements in one transaction: for migrations, and for tests, alone. When the
 * server ends the session in between, the driver rolls back on a socket that is gone, and the
 * exception that this raises is caught by nobody; or goes on, on another session, outside of any
 * transaction.
 */
export function inTransaction<Result>(
  sql: Sql,
  run: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  return (sql as Driver).begin(run) as Promise<Result>;
}

/** Whether a server was left again, for it is a standby. */
export function isOfStandby(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "CONNECTION_DESTROYED";
}

/** Five characters that Postgres gives an error; `undefined` when it was not Postgres that spoke. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof postgres.PostgresError ? error.code : undefined;
}
