import assert from "node:assert/strict";
import { postgresOfThisFile } from "testing/database.ts";
import { migrate, runMigrations } from "./migrate.ts";
import { FUNCTIONS, NEEDS, OPERATOR_FUNCTIONS, TABLES } from "./needs.ts";
import { createSql, inTransaction, type Sql } from "./sql.ts";

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

Deno.test("migrate() runs each file once, though two run it at the same time", async () => {
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

Deno.test("runMigrations() leaves what contracts until it is told that the release before is gone", async () => {
  await withDatabase(async (sql) => {
    const first = { name: "0001_a.sql", text: "create table a (old int)" };
    const less = { name: "0002_b.sql", text: "-- contract\nalter table a drop column old" };
    assert.deepEqual(await runMigrations(sql, [first, less]), ["0001_a.sql"]);
    const more = { name: "0003_c.sql", text: "create table c ()" };
    await assert.rejects(
      runMigrations(sql, [first, less, more]),
      /Cannot migrate: 0003_c\.sql comes after 0002_b\.sql, which waits/,
    );
    assert.deepEqual(await tables(sql), ["a", "migrations"]);
    const ran = await runMigrations(sql, [first, less, more], { contract: true });
    assert.deepEqual(ran, ["0002_b.sql", "0003_c.sql"]);
    assert.deepEqual(await runMigrations(sql, [first, less, more]), []);
  });
});

Deno.test("runMigrations() refuses what takes something away and does not say so, before anything runs", async () => {
  const taking = [
    "drop table a",
    "alter table a rename column b to c",
    "alter table a alter column b type text",
    "alter table a alter b set data type text",
    "ALTER TABLE a ALTER b SET NOT NULL",
    "truncate a",
  ];
  await withDatabase(async (sql) => {
    const first = { name: "0001_a.sql", text: "create table a (b int)" };
    for (const text of taking) {
      const refused = runMigrations(sql, [first, { name: "0002_b.sql", text }]);
      await assert.rejects(refused, /0002_b\.sql takes something away/, text);
    }
    const words = { name: "0002_b.sql", text: "-- drop\nselect 'drop', 'it''s truncate'" };
    assert.deepEqual(await runMigrations(sql, [first, words]), ["0001_a.sql", "0002_b.sql"]);
  });
});

Deno.test("runMigrations() does not let sends wait behind it for a table that another holds", async () => {
  await withDatabase(async (sql, other) => {
    const first = { name: "0001_a.sql", text: "create table a ()" };
    const more = { name: "0002_b.sql", text: "alter table a add column b int" };
    await runMigrations(sql, [first]);
    await inTransaction(other, async (holder) => {
      await holder`lock table a in access share mode`;
      await assert.rejects(
        runMigrations(sql, [first, more]),
        /0002_b\.sql changed nothing: another session holds a table for more than 3 s; try again/,
      );
    });
    assert.deepEqual(await runMigrations(sql, [first, more]), ["0002_b.sql"]);
  });
});

Deno.test("what an origin needs is said of every table, column and function that there is", async () => {
  await withDatabase(async (sql) => {
    await migrate(sql);
    assert.deepEqual(Object.keys(TABLES).sort(), await tables(sql));
    const functions = await sql<{ name: string }[]>`
      select distinct proname as name from pg_proc
      where pronamespace = 'public'::regnamespace order by 1`;
    assert.deepEqual(
      [...FUNCTIONS, ...OPERATOR_FUNCTIONS].sort(),
      functions.map(({ name }) => name),
    );
    const columns = await sql<{ name: string }[]>`
      select table_name || '.' || column_name as name from information_schema.columns
      where table_schema = 'public'`;
    const known = new Set(columns.map(({ name }) => name));
    for (const { table, column } of NEEDS) {
      if (column) assert.ok(known.has(`${table}.${column}`), `${table}.${column}`);
    }
  });
});
