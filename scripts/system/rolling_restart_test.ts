/** Origins are replaced one by one, as in every release: nobody who sends notices. */
import assert from "node:assert/strict";
import { ANNOUNCE } from "shared/bus/requests.ts";
import type { Device } from "testing/client.ts";
import { FORMATS } from "testing/sdk.ts";
import { name, TestSystem } from "testing/system.ts";
import { startSystem } from "../dev/system.ts";
import { waitUntil } from "../services/wait_until.ts";

const ROUNDS = 3;
const SENDERS_PER_FORMAT = 4;

Deno.test("origins are restarted one after the other, and not one send fails, not even for a moment", async () => {
  // They send as fast as they are answered.
  const edgeEnv = { SEND_RATE_PER_S: "0", COMMAND_RATE_PER_S: "0" };
  await using system = await startSystem({ origins: 2, edgeEnv });
  const test = new TestSystem(system);
  await using devices = new AsyncDisposableStack();
  await using digests = await test.watch(ANNOUNCE.digest);
  const pairs: { from: Device; to: Device }[] = [];
  for (const format of FORMATS) {
    for (let i = 0; i < SENDERS_PER_FORMAT; i++) {
      const edge = i % 2;
      const from = devices.use(await test.device(name("ana"), { edge, format }));
      const to = devices.use(await test.device(name("bob"), { edge: 1 - edge, format }));
      pairs.push({ from, to });
    }
  }
  const stop = new AbortController();
  const sending = pairs.map(({ from, to }) => sendUntil(stop.signal, from, to.user));
  for (let round = 0; round < ROUNDS; round++) {
    const id = `origin-${round % 2}`;
    const status = await system.terminate(id);
    assert.deepEqual([status.code, status.signal], [0, null]);
    await system.restart(id);
  }
  stop.abort();
  const sent = await Promise.all(sending);
  for (const [i, { to }] of pairs.entries()) {
    const { gsids, failures } = sent[i]!;
    assert.deepEqual(failures, []);
    assert.ok(gsids.length > ROUNDS, "it went on through every round");
    await to.waitForGsid(gsids.at(-1)!);
    assert.deepEqual(to.events.map(({ gsid }) => gsid), gsids);
  }
  const heard = digests.messages.length;
  await waitUntil(() => digests.messages.length > heard || undefined, {
    what: "digests to go on, though whoever made them may be gone",
    withinMs: 10_000,
  });
});

/** Sends one after the other, each as soon as the one before was acknowledged. */
async function sendUntil(signal: AbortSignal, from: Device, to: string) {
  const gsids: number[] = [], failures: string[] = [];
  for (let i = 0; !signal.aborted; i++) {
    try {
      gsids.push((await from.send(to, `m${i}`)).gsid);
    } catch (error) {
      failures.push(`m${i}: ${JSON.stringify(error)}`);
    }
  }
  return { gsids, failures };
}
