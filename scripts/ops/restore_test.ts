/** The runbook's own commands, as they stand there, on a system that runs and loses its database. */
import assert from "node:assert/strict";
import { TestSystem } from "testing/system.ts";
import { startSystem } from "../dev/system.ts";
import {
  assertRising,
  gsidsOf,
  OperatedPostgres,
  runbookBlock,
  runbookWords,
  sendAll,
  startsOver,
} from "./testing.ts";

const COMMANDS = {
  archive: runbookBlock("alter system set archive_command"),
  backUp: runbookBlock('pg_basebackup -d "$ADMIN" -D "$BASE"'),
  watch: runbookBlock("pg_stat_archiver"),
  bringBack: runbookBlock("recovery.signal"),
  awaitWrites: runbookBlock("pg_is_in_recovery"),
  beginEpoch: runbookWords(/^psql "\$DATABASE_OWNER_URL" .*begin_epoch/)[0]!,
};

Deno.test("a database that was destroyed is brought back to a moment: what was answered before it is there, clients reload by themselves, and no gsid is issued twice", async () => {
  await using database = await OperatedPostgres.open("restore");
  await database.start();
  await database.run('mkdir "$WAL"');
  await database.run(COMMANDS.archive);
  await database.restart();
  await database.makeRoles();
  await using system = await startSystem({
    environment: {
      DATABASE_URL: database.urlAs("fanfare_origin"),
      DATABASE_OWNER_URL: database.urlAs("fanfare_owner"),
    },
  });
  const test = new TestSystem(system);
  await using ana = await test.device("ana", { edge: 0 });
  await using ben = await test.device("ben", { edge: 1 });

  const kept = await sendAll(ana, ben, "before", 10);
  const [during] = await Promise.all([
    sendAll(ana, ben, "during", 40),
    database.run(COMMANDS.backUp),
  ]);
  kept.push(...during, ...await sendAll(ben, ana, "after", 10));
  const moment = await database.ask("select clock_timestamp()::text");
  const lost = await sendAll(ana, ben, "lost", 10);
  await ben.waitForGsid(lost.at(-1)!.gsid);
  await database.archived();
  assert.match(await database.run(COMMANDS.watch), /\| +0 \|/, "none failed");

  await database.destroy();
  await system.terminate("origin-0");
  await database.run(COMMANDS.bringBack, { TIME: moment });
  await database.start();
  await database.run(COMMANDS.awaitWrites);
  const epoch = (await database.run(COMMANDS.beginEpoch)).match(/[0-9a-f]{32}/)![0];
  await system.restart("origin-0");
  for (const device of [ana, ben]) await startsOver(device, epoch, kept);

  // A repeat of what is there is that; one of what was lost is new, as everything that is sent now.
  const repeated = await ana.send("ben", "during-0");
  assert.deepEqual([repeated.gsid, repeated.duplicate], [during[0]!.gsid, true]);
  const fresh = [...await sendAll(ana, ben, "lost", 10), ...await sendAll(ben, ana, "anew", 10)];
  assert.ok(fresh.every(({ duplicate }) => !duplicate));
  await ben.waitForGsid(fresh[9]!.gsid);
  assertRising(gsidsOf([...kept, ...lost, ...fresh]));
});
