import assert from "node:assert/strict";
import { Registry } from "prom-client";
import { systemTurns } from "shared/turns.ts";
import { testDatabase } from "testing/database.ts";
import { measureWalArchive, readWalArchive, type WalArchive } from "./archive.ts";
import { createSql } from "./sql.ts";

async function shown(read: () => Promise<WalArchive>): Promise<string[]> {
  const registry = new Registry();
  measureWalArchive(registry, read, systemTurns);
  return (await registry.metrics()).split("\n").filter((line) => /^fanfare/.test(line));
}

const ARCHIVE: WalArchive = { isOn: true, timeoutS: 60, isFailing: false, ageMs: 2_500 };

Deno.test("what Postgres archives is shown: whether it fails, and how old the last piece is", async () => {
  assert.deepEqual(await shown(() => Promise.resolve({ ...ARCHIVE, isFailing: true })), [
    "fanfare_origin_archive_failing 1",
    "fanfare_origin_archive_age_seconds 2.5",
  ]);
});

Deno.test("a database that archives nothing, fails, or does not answer, shows nothing", async () => {
  for (
    const read of [
      () => Promise.resolve({ ...ARCHIVE, isOn: false }),
      () => Promise.reject(new Error("away")),
      () => new Promise<never>(() => {}),
    ]
  ) {
    assert.deepEqual(await shown(read), [
      "fanfare_origin_archive_failing Nan",
      "fanfare_origin_archive_age_seconds Nan",
    ]);
  }
});

Deno.test("a Postgres that does not archive says so, to any role", async () => {
  await using database = await testDatabase();
  const owner = createSql(database.url, { name: "owner", maxConnections: 1 });
  await owner`create role plain login`;
  await owner.end();
  const url = new URL(database.url);
  url.username = "plain";
  const sql = createSql(url.href, { name: "plain", maxConnections: 1 });
  const { isOn, timeoutS, isFailing, ageMs } = await readWalArchive(sql);
  await sql.end();
  assert.deepEqual([isOn, timeoutS, isFailing], [false, 0, false]);
  assert.ok(ageMs >= 0);
});
