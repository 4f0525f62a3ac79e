import assert from "node:assert/strict";
import type { Device } from "testing/client.ts";
import { name, TestSystem } from "testing/system.ts";
import { beginTrace } from "shared/tracing/sample.ts";
import { spanIdOf, traceIdOf } from "shared/tracing/traceparent.ts";
import type { System } from "../dev/supervised_system.ts";
import { startSystem } from "../dev/system.ts";
import {
  type OtlpReceiver,
  type ReceivedSpan,
  startOtlpReceiver,
} from "../services/otlp_receiver.ts";
import { waitUntil } from "../services/wait_until.ts";

const RATIO = 0.5;
const PROGRAMS = ["origin-0", "edge-0", "edge-1"];

/** Ids of the sender's own: of these the first kind is traced, the other not. */
function ids(sender: string, count: number) {
  const traced: string[] = [], others: string[] = [];
  while (traced.length < count || others.length < count) {
    const id = crypto.randomUUID();
    (beginTrace(sender, id, RATIO) ? traced : others).push(id);
  }
  return { traced: traced.slice(0, count), others: others.slice(0, count) };
}

const begin = (sender: string, id: string) => beginTrace(sender, id, RATIO)!;
const ofMessage = (spans: readonly ReceivedSpan[], sender: string, id: string) =>
  spans.filter(({ traceId }) => traceId === traceIdOf(begin(sender, id)));

/** Resolves to a message's spans, once there are as many of it. */
function spansOf(collector: OtlpReceiver, sender: string, id: string, count: number) {
  return waitUntil(() => {
    const spans = ofMessage(collector.spans, sender, id);
    return spans.length >= count ? spans : undefined;
  }, { what: `${count} spans of ${id}`, withinMs: 15_000, everyMs: 50 });
}

/** Each span and what it is below, such as `hand out edge-1 < fan out origin-0`. */
function tree(spans: readonly ReceivedSpan[], root: string): string[] {
  const words = (span: ReceivedSpan) => `${span.name} ${span.attributes.name}`;
  return spans.map((span) => {
    const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
    const above = parent ? words(parent) : span.parentSpanId === root ? "message" : "nothing";
    return `${words(span)} < ${above}`;
  }).sort();
}

/** Resolves when a message of the one, which is not traced, has come to the other. */
async function reaches(from: Device, to: Device, group: string) {
  const [id] = ids(from.user, 1).others;
  const { gsid } = await from.rpc("send", { to: { group }, id, body: {} });
  await to.waitForGsid(gsid);
}

async function restartAll(system: System, env: Record<string, string>, ratio: string) {
  env.TRACE_RATIO = ratio;
  for (const id of PROGRAMS.toReversed()) await system.terminate(id);
  for (const id of PROGRAMS) await system.restart(id);
}

Deno.test("a message is one trace from edge to edge and phone, sampled alike at every hop", async () => {
  await using collector = startOtlpReceiver();
  const env: Record<string, string> = { ...collector.environment, TRACE_RATIO: String(RATIO) };
  await using system = await startSystem({ edges: 2, origins: 1, env });
  const test = new TestSystem(system);
  const [a, b, c, group] = ["ana", "ben", "cat", "club"].map(name) as [
    string,
    string,
    string,
    string,
  ];
  await using ana = await test.device(a);
  await using ben = await test.device(b, { edge: 1 });
  await using cat = await test.device(c, { edge: 1 });
  await cat.rpc("device.register", { platform: "fcm", token: "canary-fcm" });
  await cat.rpc("device.register", { platform: "apns", token: "canary-apns" });
  await cat.disconnect();
  await test.untilOffline(c);
  await ana.rpc("group.create", { group, members: [b, c] });
  // What comes before an edge hears the group is read later, and so is below the message itself.
  await reaches(ana, ben, group);
  await reaches(ben, ana, group);
  const { traced, others } = ids(a, 5);
  const gsids = new Map<string, number>();
  for (const id of [...traced, ...others]) {
    const body = { text: `canary-text ${id}` };
    const forged = "00-11111111111111111111111111111111-1111111111111111-01";
    const { gsid } = await ana.rpc("send", { to: { group }, id, body, traceparent: forged });
    gsids.set(id, gsid);
  }
  for (const id of traced) {
    const spans = await spansOf(collector, a, id, 8);
    assert.deepEqual(tree(spans, spanIdOf(begin(a, id))), [
      "apns origin-0 < push origin-0",
      "commit origin-0 < send edge-0",
      "fan out origin-0 < commit origin-0",
      "fcm origin-0 < push origin-0",
      "hand out edge-0 < fan out origin-0",
      "hand out edge-1 < fan out origin-0",
      "push origin-0 < fan out origin-0",
      "send edge-0 < message",
    ]);
    const found = await test.api("trace", { gsid: gsids.get(id) });
    assert.equal(found.trace, spans[0]!.traceId);
    for (const span of spans) {
      assert.equal(span.attributes.gsid, String(gsids.get(id)));
      assert.equal(span.scope, "fanfare");
      assert.ok(span.startMs <= span.endMs);
    }
  }
  // Nothing of others, of what the runtime does besides, or of what nobody may know.
  const known = new Set(traced.map((id) => traceIdOf(begin(a, id))));
  assert.deepEqual(collector.spans.filter(({ traceId }) => !known.has(traceId)), []);
  assert.doesNotMatch(collector.text(), /canary/);

  const { traced: [answered] } = ids(a, 1);
  await test.api("send", { user: a, to: { group }, id: answered, body: {} });
  const [first] = (await spansOf(collector, a, answered!, 1)).toSorted((one, other) =>
    one.startMs - other.startMs
  );
  assert.deepEqual(tree([first!], spanIdOf(begin(a, answered!))), ["commit origin-0 < message"]);
  await spansOf(collector, a, answered!, 6);

  await restartAll(system, env, "0");
  const before = collector.spans.length;
  const again = new TestSystem(system);
  await using ana2 = await again.device(a);
  for (const id of ids(a, 3).traced) await ana2.rpc("send", { to: { group }, id, body: {} });
  // What is exported at all has been when its program has ended.
  for (const id of PROGRAMS.toReversed()) await system.terminate(id);
  assert.equal(collector.spans.length, before);
});
