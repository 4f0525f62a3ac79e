import assert from "node:assert/strict";
import { postgresOfThisFile } from "testing/database.ts";
import { migrate, runMigrations } from "./migrate.ts";
import { createSql, type Sql } from "./sql.ts";

const server = postgresOfThisFile();

async function withDatabase(use: (sql: Sql, other: Sql) => Promise<void>): Promise<void> {
  await using database = await server.database();
  const [sql, other] = [0, 1].map(() =>
    createSql(database.url, { name: "test", maxConnections: 1 })
  );
  try {
    await use(sql!, other!);
  } finally {
    await Promise.all([sql!.end(), other!.end()]);
  }
}

async function tables(sql: Sql): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select tablename as name from pg_tables where schemaname = 'public' order by 1`;
  return rows.map(({ name }) => name);
}

Deno.test("migrate() runs each file once, though two origins start at the same time", async () => {
  await withDatabase(async (sql, other) => {
    const ran = (await Promise.all([migrate(sql), migrate(other)])).flat();
    assert.ok(ran.includes("0001_core.sql"));
    assert.deepEqual(ran.toSorted(), [...new Set(ran)].sort());
    assert.deepEqual(await migrate(sql), []);
    const [log] = await sql<{ epoch: string; last: number }[]>`select epoch, last from log`;
    assert.match(log!.epoch, /^[0-9a-f]{32}$/);
    assert.equal(log!.last, 0);
  });
});

Deno.test("migrate() gives every database an epoch of its own", async () => {
  const epochs = new Set<string>();
  for (let n = 0; n < 2; n++) {
    await withDatabase(async (sql) => {
      await migrate(sql);
      const [log] = await sql<{ epoch: string }[]>`select epoch from log`;
      epochs.add(log!.epoch);
    });
  }
  assert.equal(epochs.size, 2);
});

Deno.test("runMigrations() leaves nothing of a file that fails, and goes on there next time", async () => {
  await withDatabase(async (sql) => {
    const first = { name: "0001_a.sql", text: "create table a ()" };
    const broken = { name: "0002_b.sql", text: "create table b (); select 1 / 0" };
    await assert.rejects(runMigrations(sql, [first, broken]), /division by zero/);
    assert.deepEqual(await tables(sql), ["a", "migrations"]);
    const mended = { ...broken, text: "create table b ()" };
    assert.deepEqual(await runMigrations(sql, [first, mended]), ["0002_b.sql"]);
    assert.deepEqual(await tables(sql), ["a", "b", "migrations"]);
  });
});

Deno.test("runMigrations() refuses a file that has changed since it ran", async () => {
  await withDatabase(async (sql) => {
    await runMigrations(sql, [{ name: "0001_a.sql", text: "create table a ()" }]);
    const changed = [{ name: "0001_a.sql", text: "create table a (b int)" }];
    await assert.rejects(runMigrations(sql, changed), /Cannot migrate: 0001_a.sql has changed/);
  });
});
