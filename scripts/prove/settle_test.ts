import assert from "node:assert/strict";
import { connect, nkeyAuthenticator } from "@nats-io/transport-node";
import postgres from "postgres";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { TINY } from "./load/size.ts";
import type { PartResult } from "./part.ts";
import { hasPassed } from "./scoreboard.ts";
import type { Patience } from "./stage_parts.ts";
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

Deno.test("whatever NATS refuses one of our own programs fails a run, untimed or not", async () => {
  const { anomalies, figures } = await settled(async (stage) => {
    await sendToSleepers(stage);
    await speakOutOfTurn(stage, "edge-0");
  });
  assert.deepEqual(anomalies.map(({ name, count }) => [name, count]), [["refused-at-nats", 1]]);
  assert.match(anomalies[0]!.examples[0]!, /chat\.user-inbox\.ben/);
  assert.equal(figures.refused_at_nats, 1);
  const run = { seed: 7, startedAt: "", ms: 0, conditions: {}, figures, anomalies };
  assert.ok(!hasPassed(run, { untimed: true }));
});

/** As a program does whose release says what its role may not. */
async function speakOutOfTurn({ system }: Stage, id: string): Promise<void> {
  const { url: servers, users } = system.state.nats;
  const { nkey_seed: seed, inbox_prefix: inboxPrefix } = users[id]!;
  const authenticator = nkeyAuthenticator(new TextEncoder().encode(seed));
  const connection = await connect({ servers, authenticator, inboxPrefix });
  connection.publish("chat.user-inbox.ben");
  await connection.flush();
  await connection.close();
}
