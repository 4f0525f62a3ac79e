import assert from "node:assert/strict";
import postgres from "postgres";
import { postgresOfThisFile, testDatabase } from "testing/database.ts";

const server = postgresOfThisFile({
  prepare: (url) => run(url, "create table words (word text); insert into words values ('a')"),
});

Deno.test("database() gives each test what prepare made, and nothing of another test", async () => {
  for (let round = 0; round < 2; round++) {
    await using database = await server.database();
    assert.equal(await first(database.url, "select count(*)::int from words"), 1);
    await run(database.url, "insert into words values ('b')");
  }
});

Deno.test("database() orders text by its bytes", async () => {
  await using database = await server.database();
  const sorted = "select string_agg(w, ',' order by w) from unnest(array['b','B','ä','a']) w";
  assert.equal(await first(database.url, sorted), "B,a,b,ä");
});

Deno.test("database() is gone after its test, though a connection was left open", async () => {
  await using database = await server.database();
  const sql = postgres(database.url, { max: 1 });
  await sql`select 1`;
  await database[Symbol.asyncDispose]();
  await sql.end();
  await assert.rejects(first(database.url, "select 1"), /does not exist/);
});

Deno.test("testDatabase() leaves no server behind", async () => {
  let status;
  {
    await using database = await testDatabase();
    status = database.postgres.status;
    assert.equal(await first(database.url, "select 1"), 1);
  }
  assert.equal((await status).code, 0);
});

async function run(url: string, statements: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  await sql.unsafe(statements);
  await sql.end();
}

async function first(url: string, query: string): Promise<unknown> {
  const sql = postgres(url, { max: 1, fetch_types: false });
  try {
    const [row] = await sql.unsafe(query);
    return Object.values(row!)[0];
  } finally {
    await sql.end();
  }
}
