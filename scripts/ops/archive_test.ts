/** A log that is archived by the runbook's own command, and then cannot be: who says so. */
import assert from "node:assert/strict";
import { readWalArchive } from "origin/store/archive.ts";
import { createSql } from "origin/store/sql.ts";
import { checkPostgres } from "../check/postgres.ts";
import { DEPS, NEVER } from "../check/testing.ts";
import { waitUntil } from "../services/wait_until.ts";
import { OperatedPostgres, runbookBlock } from "./testing.ts";

/** What the check of an origin says of it, as the role of the origins. */
async function checked(database: OperatedPostgres): Promise<string> {
  const url = database.urlAs("fanfare_origin");
  const options = { name: "origin", database: { url, maxConnections: 20 }, beforeMigrate: true };
  const findings = await checkPostgres(options, DEPS, NEVER);
  const { level, says } = findings.find(({ subject }) => subject === "postgres archive")!;
  return `${level}: ${says}`;
}

Deno.test("an archive that fails is seen by an origin and by the check, and so is that it is mended", async () => {
  await using database = await OperatedPostgres.open("archive");
  await database.start();
  await database.makeRoles();
  await database.run('mkdir "$WAL"');
  await database.run(runbookBlock("alter system set archive_command"));
  await database.restart();
  const sql = createSql(database.urlAs("fanfare_origin"), { name: "test", maxConnections: 1 });
  await using _closed = { [Symbol.asyncDispose]: () => sql.end() };

  await database.archived();
  const { isOn, timeoutS, isFailing, ageMs } = await readWalArchive(sql);
  assert.deepEqual([isOn, timeoutS, isFailing], [true, 60, false]);
  assert.ok(ageMs < 60_000);
  assert.match(await checked(database), /^ok: on, every 60 s/);

  await database.run('mv "$WAL" "$WAL.away"');
  await database.ask("select pg_logical_emit_message(true, 'test', 'more')");
  await database.ask("select pg_switch_wal()");
  await waitUntil(async () => (await readWalArchive(sql)).isFailing || undefined, {
    what: "it to be seen that the archive fails",
    withinMs: 30_000,
    everyMs: 50,
  });
  assert.match(await checked(database), /^warning: the last try to archive the log failed/);

  await database.run('mv "$WAL.away" "$WAL"');
  await database.archived();
  assert.equal((await readWalArchive(sql)).isFailing, false);
  assert.match(await checked(database), /^ok/);
});
