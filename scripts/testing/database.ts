/**
 * Databases for tests: real ones, a new one for each test, gone when it ends.
 *
 * What a database must hold is made once, in a template, and copied in some 20 ms. Commits are not
 * flushed to disk: a test that pulls the plug on the machine needs `startPostgres` itself.
 *
 * @module
 */

import postgres from "postgres";
import { join } from "node:path";
import { type RunningPostgres, startPostgres } from "../services/postgres.ts";
import { temporaryDirectory } from "./temporary_directory.ts";

export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  readonly postgres: RunningPostgres;
}

export interface TestPostgres extends AsyncDisposable {
  /** A new database, as `prepare` left it. Disposing of it ends what is still connected. */
  database(): Promise<TestDatabase>;
}

export interface TestDatabaseOptions {
  /** Fills the template, once a server; its connections must be closed when it returns. */
  prepare?: (url: string) => Promise<void>;
}

const TEMPLATE = "prepared";

/**
 * One server for all tests of a file, started before the first and stopped after the last. Call it
 * at the top of the file.
 */
export function postgresOfThisFile(
  options: TestDatabaseOptions = {},
): Pick<TestPostgres, "database"> {
  let server: TestPostgres | undefined;
  Deno.test.beforeAll(async () => {
    server = await startTestPostgres(options);
  });
  Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());
  return { database: () => server!.database() };
}

/** A database on a server of its own: for the only test of a file that needs one. */
export async function testDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const server = await startTestPostgres(options);
  const database = await server.database();
  return { ...database, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

export async function startTestPostgres(options: TestDatabaseOptions = {}): Promise<TestPostgres> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryDirectory("postgres"));
  const server = stack.use(
    await startPostgres({ dataDir: join(directory.path, "postgres"), durable: false }),
  );
  await command(server, `create database ${TEMPLATE}`);
  await options.prepare?.(server.urlOf(TEMPLATE));
  const owned = stack.move();
  return {
    database: () => createDatabase(server),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function createDatabase(server: RunningPostgres): Promise<TestDatabase> {
  const name = `test_${crypto.randomUUID().replaceAll("-", "")}`;
  await command(server, `create database ${name} template ${TEMPLATE} strategy file_copy`);
  return {
    url: server.urlOf(name),
    postgres: server,
    [Symbol.asyncDispose]: () => command(server, `drop database if exists ${name} with (force)`),
  };
}

async function command(server: RunningPostgres, statement: string): Promise<void> {
  const sql = postgres(server.url, { max: 1 });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
}
