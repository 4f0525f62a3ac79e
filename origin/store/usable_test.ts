import assert from "node:assert/strict";
import { postgresOfThisFile } from "testing/database.ts";
import { asOrigin, prepareSchema } from "testing/schema.ts";
import { readMigrations } from "./schema.ts";
import { createSql } from "./sql.ts";
import { assertUsable } from "./usable.ts";

const server = postgresOfThisFile({ prepare: prepareSchema });

/** What an origin says of a database after a statement of its owner. */
async function judged(statement: string): Promise<string> {
  await using database = await server.database();
  const owner = createSql(database.url, { name: "owner", maxConnections: 1 });
  const sql = createSql(asOrigin(database.url), { name: "origin", maxConnections: 1 });
  try {
    await owner.unsafe(statement);
    return await assertUsable(sql, await readMigrations()).then(() => "usable", String);
  } finally {
    await Promise.all([owner.end(), sql.end()]);
  }
}

Deno.test("a database of this release is usable, and so is one of a newer", async () => {
  assert.equal(await judged("select 1"), "usable");
  const newer = "insert into migrations values ('0999_new.sql', 'x'); create table new ()";
  assert.equal(await judged(newer), "usable");
});

const FAULTS: [string, string, RegExp][] = [
  [
    "older",
    "delete from migrations where name = '0004_groups.sql'",
    /^Error: Cannot use the database: 0004_groups\.sql has not run\. What helps: deno task migrate/,
  ],
  [
    "empty",
    "drop schema public cascade; create schema public",
    /: 0001_core\.sql has not run; .*0004_groups\.sql has not run\b.*\. What helps/,
  ],
  [
    "one whose schema somebody changed",
    "update migrations set checksum = 'x' where name = '0002_push.sql'",
    /: 0002_push\.sql ran there with another text than this release has\./,
  ],
  [
    "one that grants too little",
    "revoke insert on events from fanfare_origin; revoke delete on push_jobs from fanfare_origin",
    /: the role "fanfare_origin" is not granted insert on events; .* not granted delete on push_jobs\./,
  ],
  [
    "one that may not be looked at",
    "revoke select on migrations from fanfare_origin",
    /: the role "fanfare_origin" is not granted select on migrations\. What helps/,
  ],
];

for (const [name, statement, says] of FAULTS) {
  Deno.test(`a database that is ${name} is not usable, and that is said with what helps`, async () => {
    assert.match(await judged(statement), says);
  });
}
