import assert from "node:assert/strict";
import type { Answer, Send, Sent } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import { inboxTopic } from "shared/topic.ts";
import { keptTracing } from "shared/tracing/testing.ts";
import { type Traceparent, traceparentOf } from "shared/tracing/traceparent.ts";
import { wireError } from "shared/wire/codes.ts";
import type { Decision } from "../fan_out/decide.ts";
import { publishAll } from "../fan_out/publish.ts";
import type { Outcome, PushGateway } from "../push/gateway/gateway.ts";
import type { PushJob } from "../push/job.ts";
import type { Note } from "../push/note.ts";
import type { PushQueue } from "../push/queue.ts";
import { MAX_PUSH_SPANS } from "./message_traces.ts";
import { createTraces } from "./traces.ts";

const EDGE = traceparentOf("a".repeat(32), "b".repeat(16));
const ANA = "ana" as UserId, BEN = "ben" as UserId;
const SEND: Send = { user: ANA, data: { id: "m1" } };
const SENT: Sent = { gsid: 16, at: "", conversation: "dm:ana:ben", prev: 0 };
const result = (sent: Partial<Sent> = {}): Promise<Answer<Sent>> =>
  Promise.resolve({ result: { ...SENT, ...sent } });

function scene(ratio = 1) {
  const tracing = keptTracing(ratio);
  return { tracing, traces: createTraces(tracing) };
}

/** A message that was committed below the edge's span. */
async function committed(ratio = 1) {
  const on = scene(ratio);
  await on.traces.commits(() => result())({ ...SEND, trace: EDGE });
  return on;
}

const decisionOf = (...gsids: Gsid[]): Decision => ({
  publications: gsids.map((gsid) => ({
    topic: inboxTopic(BEN),
    live: { kind: "event", gsid, membership: 0, data: "{}" },
  })),
  pushes: [{ gsid: 16, user: BEN }],
  pages: [],
});

Deno.test("a commit is below the edge's span, or below the message when the edge says nothing", async () => {
  const { tracing, traces } = scene();
  const answered = traces.commits(() => result());
  await answered({ ...SEND, trace: EDGE });
  await answered(SEND);
  await answered({ ...SEND, trace: "nonsense" as Traceparent });
  const begin = tracing.begin("ana", "m1");
  assert.deepEqual(tracing.spans.map(({ parent }) => parent), [EDGE, begin, begin]);
  assert.deepEqual(tracing.spans[0]!.end, { gsid: 16 });
});

Deno.test("an edge's decision holds where this origin would trace nothing by itself", async () => {
  const { tracing, traces } = scene(0);
  const answered = traces.commits(() => result());
  await answered(SEND);
  assert.deepEqual(tracing.spans, []);
  await answered({ ...SEND, trace: EDGE });
  assert.equal(tracing.spans.length, 1);
});

Deno.test("a send that is refused or breaks ends its span; a repeat leaves the first where it is", async () => {
  const { tracing, traces } = scene();
  await traces.commits(() => Promise.resolve({ error: wireError("badRequest") }))(SEND);
  await assert.rejects(traces.commits(() => Promise.reject(new Error("broken")))(SEND));
  await traces.commits(() => result({ duplicate: true }))(SEND);
  assert.deepEqual(tracing.spans.map(({ end }) => end), [
    { code: 107 },
    { failed: true },
    { gsid: 16, duplicate: true },
  ]);
  assert.equal(traces.messages.of(16), undefined);
});

Deno.test("a fan-out has one span for each message that is traced, and its publications carry it", async () => {
  const { tracing, traces } = await committed();
  const [commit] = tracing.spans;
  const decision = decisionOf(16, 16, 32);
  const spans = traces.fanOut([16, 32], decision, 5);
  const published: (string | undefined)[] = [];
  const bus = {
    publish: (
      _subject: string,
      _data: Uint8Array,
      options?: { traceparent?: string | undefined },
    ) => void published.push(options?.traceparent),
  };
  publishAll(bus, decision.publications, spans.of);
  spans.end();
  const [, fanOut, ...others] = tracing.spans;
  assert.deepEqual(others, []);
  assert.deepEqual([fanOut!.name, fanOut!.parent], ["fan out", commit!.traceparent]);
  assert.deepEqual(fanOut!.end, { gsid: 16, publications: 2, pushes: 1 });
  assert.deepEqual(published, [fanOut!.traceparent, fanOut!.traceparent, undefined]);
});

const JOB: PushJob = {
  gsid: 16,
  user: BEN,
  attempt: 1,
  progress: {},
  reason: null,
  ageMs: 0,
  newer: null,
  event: { gsid: 16, type: "message", conversation: "dm:ana:ben" as never, fields: '{"id":"m1"}' },
  sender: ANA,
  targets: [],
};

function queueOf(...jobs: PushJob[]): PushQueue {
  return {
    claim: () => Promise.resolve(jobs),
    record: () => Promise.resolve(),
  } as Partial<PushQueue> as PushQueue;
}

function gatewayOf(outcome: Outcome): PushGateway {
  return {
    platform: "fcm",
    send: () => Promise.resolve(outcome),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

Deno.test("a push is below the fan-out that asked for it, and a provider's answer below the push", async () => {
  const { tracing, traces } = await committed();
  traces.fanOut([16], decisionOf(16), 0).end();
  const queue = traces.pushes.queue(queueOf(JOB));
  const gateway = gatewayOf({ kind: "retry", reason: "503", scope: "provider" });
  const gateways = traces.pushes.gateways(new Map([["fcm", gateway]]));
  const [job] = await queue.claim(1, 1_000);
  const note = { gsid: 16, user: BEN, text: "a canary" } as Note;
  const target = { platform: "fcm", token: "a canary" } as const;
  await gateways.get("fcm")!.send(
    target,
    note,
    new AbortController().signal,
    () => Promise.resolve(true),
  );
  await queue.record([[job!, { kind: "again", afterMs: 1, progress: {}, reason: "503" }]]);
  const [, fanOut, push, fcm] = tracing.spans;
  assert.deepEqual([push!.name, push!.parent], ["push", fanOut!.traceparent]);
  assert.deepEqual(push!.end, { gsid: 16, attempt: 1, outcome: "again", reason: "503" });
  assert.deepEqual([fcm!.name, fcm!.parent], ["fcm", push!.traceparent]);
  assert.deepEqual(fcm!.end, { gsid: 16, outcome: "retry", reason: "503", failed: true });
  assert.doesNotMatch(JSON.stringify(tracing.spans), /canary/);
});

Deno.test("a push that no fan-out of this origin asked for is below its message, if that is traced", async () => {
  const on = scene(), off = scene(0);
  for (const { traces } of [on, off]) await traces.pushes.queue(queueOf(JOB)).claim(1, 1_000);
  assert.deepEqual(on.tracing.spans.map(({ parent }) => parent), [on.tracing.begin("ana", "m1")]);
  assert.deepEqual(off.tracing.spans, []);
});

Deno.test("a message to many has a few pushes traced, and no more", async () => {
  const { tracing, traces } = await committed();
  const jobs = Array.from({ length: 100 }, (_, n) => ({ ...JOB, user: `u${n}` as UserId }));
  await traces.pushes.queue(queueOf(...jobs)).claim(100, 1_000);
  assert.equal(tracing.spans.filter(({ name }) => name === "push").length, MAX_PUSH_SPANS);
});
