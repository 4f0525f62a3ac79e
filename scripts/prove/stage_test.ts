import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { waitUntil } from "../services/wait_until.ts";
import { TINY } from "./load/size.ts";
import type { PartContext } from "./part.ts";
import { Stage } from "./stage.ts";

/** Nobody who waits for a push: the late check takes its time. */
const OPTIONS = {
  size: { ...TINY, sleepers: 0 },
  system: { edgeEnv: { DRAIN_MS: "0" } },
};

const contextIn = (folder: string, signal = new AbortController().signal): PartContext => ({
  ...{ seed: 7, folder, report: () => {}, signal },
});

function untilSent({ recorder }: Stage, sends: number): Promise<true> {
  const count = () =>
    recorder.history.devices.flatMap(({ entries }) => entries.filter(({ kind }) => kind === "ok"));
  return waitUntil(() => count().length >= sends || undefined, {
    what: `${sends} sends to be answered`,
    withinMs: 20_000,
  });
}

Deno.test("a stage goes on through kills, settles, and finds nothing", async () => {
  await using folder = await temporaryDirectory("stage");
  await using stage = await Stage.start(contextIn(folder.path), OPTIONS);
  await Promise.all([stage.kill("edge-0"), stage.kill("origin-1"), stage.kill("nats")]);
  await untilSent(stage, 40);
  const { anomalies, figures } = await stage.settle({ own: 1 });
  assert.deepEqual(anomalies, []);
  assert.deepEqual([figures.edge_outages, figures.origin_outages, figures.own], [1, 1, 1]);
  // Some were sent by two devices, and are one message.
  assert.ok(figures.acked! >= 30 && figures.deliveries! > figures.acked!);
  assert.ok(stage.recorder.history.devices.every(({ entries }) => entries.length > 0));
});

Deno.test("a stage finds what is missing in the database, keeps what explains it, and ends when told", async () => {
  await using folder = await temporaryDirectory("stage");
  const ending = new AbortController();
  {
    await using stage = await Stage.start(contextIn(folder.path, ending.signal), OPTIONS);
    await untilSent(stage, 10);
    await stage.load.stop();
    await using sql = sqlOf(stage);
    await sql`delete from events where gsid = (
      select max(gsid) from events where type = 'message'
    )`;
    const { anomalies } = await stage.settle();
    const names = anomalies.map(({ name }) => name);
    assert.ok(names.includes("acked-lost") && names.includes("invented"), names.join());
    ending.abort(new Error("enough"));
    await assert.rejects(stage.pause(10_000), /enough/);
    await assert.rejects(stage.kill("edge-0"), /enough/);
  }
  const kept = [...Deno.readDirSync(folder.path)].map(({ name }) => name).toSorted();
  assert.deepEqual(kept, ["history.jsonl", "logs", "truth.jsonl"]);
  const [first] = Deno.readTextFileSync(join(folder.path, "history.jsonl")).split("\n");
  assert.equal(JSON.parse(first!).kind, "started");
  assert.ok([...Deno.readDirSync(join(folder.path, "logs"))].length > 4);
});

function sqlOf({ system }: Stage): postgres.Sql & AsyncDisposable {
  const sql = postgres(system.state.postgres.url, { max: 1, onnotice: () => {} });
  return Object.assign(sql, { [Symbol.asyncDispose]: () => sql.end() });
}
