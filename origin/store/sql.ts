/**
 * The connection to Postgres.
 *
 * Invariant: a `Sql` of ours reads `bigint` as a number (gsids have 53 bits) and never waits for
 * ever: connecting and every statement have a limit, and a server that comes back is found again
 * within a second. Knows no table.
 *
 * @module
 */

import postgres from "postgres";

export type Sql = postgres.Sql<{ bigint: number }>;
export type Transaction = postgres.TransactionSql<{ bigint: number }>;

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
  return postgres(url, {
    max: options.maxConnections,
    connect_timeout: CONNECT_TIMEOUT_S,
    backoff: (attempt) => Math.min(0.05 * 2 ** attempt, MAX_BACKOFF_S),
    prepare: true,
    onnotice: () => {},
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
    },
  });
}

/** Five characters that Postgres gives an error; `undefined` when it was not Postgres that spoke. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof postgres.PostgresError ? error.code : undefined;
}
