/**
 * The origin that makes digests dies: another goes on where it was, and nobody misses a message that
 * no fast path brought.
 */
import assert from "node:assert/strict";
import { ANNOUNCE, decodeMessage, type Digest } from "shared/bus/requests.ts";
import { assertNoCursorSkips } from "testing/cursors.ts";
import { readMetric } from "testing/metrics.ts";
import { FORMATS } from "testing/sdk.ts";
import { name, TestSystem, type Watch } from "testing/system.ts";
import { startSystem } from "../dev/system.ts";
import { waitUntil } from "../services/wait_until.ts";

const DIGEST_MS = 15_000;
const ATTEMPTS = 40;

Deno.test("the origin that makes digests is killed, and another joins on", async () => {
  // They publish nothing and push nothing: auditors do all the work.
  await using system = await startSystem({ origins: 2, originEnv: { FAST_PATHS: "none" } });
  const test = new TestSystem(system);
  await using digests = await test.watch(ANNOUNCE.digest);
  await using ana = await test.device(name("ana"), { edge: 0 });
  const b = name("bob");
  await using devices = new AsyncDisposableStack();
  const bobs = await Promise.all(FORMATS.map(async (format) => {
    return devices.use(await test.device(b, { edge: 1, format, device: format }));
  }));
  const gsids: number[] = [];
  const send = async () => void gsids.push((await untilSent(() => ana.send(b, name("m")))).gsid);
  const arrived = async () => {
    for (const bob of bobs) {
      for (const gsid of gsids) await bob.waitForGsid(gsid, DIGEST_MS);
      assert.deepEqual(bob.received.flatMap(({ event }) => event.gsid ?? []).sort(), gsids);
      assertNoCursorSkips(bob, gsids);
    }
  };

  await send();
  await arrived();
  const first = await makerOf(test);
  await send();
  await system.kill(first);
  await send();
  await arrived();
  assert.notEqual(await makerOf(test), first);
  assertJoined(digests);
});

/** The id of the origin that makes digests, once they have settled on one. */
async function makerOf({ system }: TestSystem): Promise<string> {
  const countOf = (internal: string) =>
    readMetric(internal, "fanfare_origin_digest_topics_count").catch(() => -1);
  const made = () =>
    Promise.all(system.state.origins.map(async ({ id, internal }) => {
      return { id, count: await countOf(internal) };
    }));
  const before = await made();
  return await waitUntil(async () => {
    const now = await made();
    const [one, another] = now.filter(({ count }, i) => count > before[i]!.count);
    return another ? undefined : one?.id;
  }, { what: "one origin to make digests", withinMs: 30_000, everyMs: 100 });
}

/** No digest begins above what an earlier one told. */
function assertJoined({ messages }: Watch): void {
  let told = 0;
  for (const { data } of messages) {
    const { after, upto } = decodeMessage<Digest>(data);
    if (told > 0) assert.ok(after <= told, `nobody told of (${told}, ${after}]`);
    told = Math.max(told, upto);
  }
}

/** Requests that are with an origin when it dies are not answered. */
async function untilSent<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let left = ATTEMPTS;; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}
