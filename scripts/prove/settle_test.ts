import assert from "node:assert/strict";
import postgres from "postgres";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { TINY } from "./load/size.ts";
import type { PartResult } from "./part.ts";
import type { Patience } from "./settle.ts";
import { Stage } from "./stage.ts";

const SLEEPERS = 2;
/** Nobody sends but the test. */
const SIZE = {
  ...TINY,
  ...{ users: 2, groups: 0, sendsPerS: 0, changesPerS: 0, absencesPerS: 0, sleepers: SLEEPERS },
};
const OPTIONS = { size: SIZE, system: { edgeEnv: { DRAIN_MS: "0" } } };

async function settled(
  happen: (stage: Stage) => Promise<void>,
  patience: Partial<Patience> = {},
): Promise<PartResult> {
  await using folder = await temporaryDirectory("settle");
  const context = {
    ...{ seed: 7, folder: folder.path, report: () => {} },
    signal: new AbortController().signal,
  };
  await using stage = await Stage.start(context, { ...OPTIONS, patience });
  await happen(stage);
  return await stage.settle();
}

async function sendToSleepers({ population }: Stage): Promise<void> {
  const [sender] = population.apps;
  for (const { user } of population.sleepers) {
    await sender!.send({ user }, `to-${user}`, { text: "Good night" });
  }
}

async function putGuestToSleep({ population, system }: Stage): Promise<void> {
  const guest = population.guest("guest", "phone");
  guest.start();
  await population.untilConnected([guest]);
  await guest.register("token-of-guest");
  population.putToSleep(guest, system.state.edges.map(({ ws }) => ws));
}

Deno.test("who sleeps is owed a push of everything, and finds it all on waking", async () => {
  const { anomalies, figures } = await settled(sendToSleepers);
  assert.deepEqual(anomalies, []);
  assert.deepEqual([figures.pushes_owed, figures.pushes], [SLEEPERS, SLEEPERS]);
});

Deno.test("who slept and was not pushed is found, though the resume brings everything", async () => {
  const { anomalies } = await settled(async (stage) => {
    await putGuestToSleep(stage);
    const sql = postgres(stage.system.state.postgres.url, { max: 1, onnotice: () => {} });
    await sql`delete from push_targets`;
    await sql.end();
    await sendToSleepers(stage);
  }, { pushedMs: 2_000 });
  assert.deepEqual(anomalies.map(({ name, count }) => [name, count]), [["unpushed", SLEEPERS + 1]]);
});

Deno.test("a part in which those who sleep are sent nothing shows nothing of pushes", async () => {
  const { anomalies } = await settled(() => Promise.resolve());
  assert.deepEqual(anomalies.map(({ name }) => name), ["not-measured"]);
});
