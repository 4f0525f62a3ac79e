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
}

const CONNECT_TIMEOUT_S = 3;
const MAX_BACKOFF_S = 0.5;

export function createSql(url: string, options: SqlOptions): Sql {
  const sql: Driver = postgres(url, {
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
  return sql as Sql;
}

/**
 * Several statements in one transaction: at the start of a program, and for tests, alone. When the
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

/** Five characters that Postgres gives an error; `undefined` when it was not Postgres that spoke. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof postgres.PostgresError ? error.code : undefined;
}
