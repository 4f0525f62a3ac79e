import assert from "node:assert/strict";
import type { Answer, Send, Sent } from "shared/bus/requests.ts";
import type { JsonValue } from "shared/event.ts";
import type { UserId } from "shared/ids.ts";
import { keptTracing } from "shared/tracing/testing.ts";
import { wireError } from "shared/wire/codes.ts";
import type { OnAnswer } from "../upstream/send_batch.ts";
import { tracedSends } from "./sends.ts";

const ANA = "ana" as UserId;
const SENT: Sent = { gsid: 16, at: "", conversation: "dm:ana:ben", prev: 0 };

function scene(ratio = 1) {
  const tracing = keptTracing(ratio);
  const added: { send: Send; onAnswer: OnAnswer }[] = [];
  const sends = tracedSends(
    { add: (send, onAnswer) => void added.push({ send, onAnswer }) },
    tracing,
  );
  return { tracing, added, sends };
}

Deno.test("a send has a span until it is answered, and its request says so", () => {
  const { tracing, added, sends } = scene();
  const answers: Answer<Sent>[] = [];
  const data = { id: "m1", traceparent: "the client's" };
  sends.add({ user: ANA, data }, (answer) => void answers.push(answer));
  const [span] = tracing.spans;
  assert.deepEqual(added[0]!.send, { user: ANA, data, trace: span!.traceparent });
  assert.deepEqual([span!.name, span!.parent], ["send", tracing.begin("ana", "m1")]);
  added[0]!.onAnswer({ result: { ...SENT, duplicate: true } });
  assert.deepEqual(span!.end, { gsid: 16, duplicate: true });
  assert.equal(answers.length, 1);
});

Deno.test("a send that is refused fails only when that is our fault", () => {
  const { tracing, added, sends } = scene();
  for (const reason of ["badRequest", "internal"] as const) {
    sends.add({ user: ANA, data: { id: reason } }, () => {});
    added.at(-1)!.onAnswer({ error: wireError(reason) });
  }
  assert.deepEqual(tracing.spans.map(({ end }) => end), [
    { code: 107 },
    { code: 100, failed: true },
  ]);
});

Deno.test("what is not traced, or is no message, goes on as it came", () => {
  const onAnswer = () => {};
  const off = scene(0);
  off.sends.add({ user: ANA, data: { id: "m1" } }, onAnswer);
  assert.deepEqual(off.added, [{ send: { user: ANA, data: { id: "m1" } }, onAnswer }]);
  const on = scene();
  const given: JsonValue[] = [null, 5, "m1", [], {}, { id: 5 }];
  for (const data of given) on.sends.add({ user: ANA, data }, onAnswer);
  assert.deepEqual(on.added.map(({ send }) => send.data), given);
  assert.deepEqual([on.tracing.spans, off.tracing.spans], [[], []]);
});
