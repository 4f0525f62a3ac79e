/**
 * For tests: a database with our schema, and origins that write to it.
 *
 * @module
 */

import { type Committer, type CommitterOptions, createCommitter } from "origin/commit/committer.ts";
import type { CommittedEvent } from "origin/commit/committed.ts";
import { createSql, type Sql } from "origin/store/sql.ts";
import { postgresOfThisFile, type TestDatabase } from "./database.ts";
import { asOrigin, prepareSchema } from "./schema.ts";
import { systemTurns } from "shared/turns.ts";

export interface TestStore extends AsyncDisposable {
  readonly url: string;
  /** It may do everything. */
  readonly sql: Sql;
  /** A committer with connections of its own, as another origin would have it. */
  committer(options?: Partial<CommitterOptions>): TestCommitter;
}

export interface TestCommitter extends Committer {
  /** What it has told of so far. */
  readonly told: CommittedEvent[];
}

const DAY_MS = 24 * 60 * 60_000;

/** One server for the tests of a file. Call it at the top of the file. */
export function storesOfThisFile(): { store(): Promise<TestStore> } {
  const server = postgresOfThisFile({ prepare: prepareSchema });
  return { store: async () => storeIn(await server.database()) };
}

function storeIn(database: TestDatabase): TestStore {
  const { url } = database;
  const stack = new AsyncDisposableStack();
  stack.use(database);
  const connect = (as: string) => {
    const sql = createSql(as, { name: "test", maxConnections: 4 });
    stack.defer(() => sql.end());
    return sql;
  };
  const committer = (options: Partial<CommitterOptions> = {}) => {
    const told: CommittedEvent[] = [];
    const created = stack.use(createCommitter({
      sql: connect(asOrigin(url)),
      archiveAfterMs: DAY_MS,
      wallMs: Date.now,
      turns: systemTurns,
      onCommitted: (events) => told.push(...events),
      ...options,
    }));
    return Object.defineProperty(created, "told", { value: told }) as TestCommitter;
  };
  return {
    url,
    sql: connect(url),
    committer,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
