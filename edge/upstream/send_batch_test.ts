import assert from "node:assert/strict";
import {
  type Answer,
  decodeMessage,
  type Send,
  type SendBatch,
  type Sent,
} from "shared/bus/requests.ts";
import { encodeSendBatch } from "shared/bus/requests.ts";
import type { ConnectionId, UserId } from "shared/ids.ts";
import { SendBatcher, type SendBatcherDeps } from "./send_batch.ts";

function send(text: string): Send {
  return { user: "ana" as UserId, connection: "c1" as ConnectionId, data: { text } };
}

function scene(options: Partial<SendBatcherDeps> = {}) {
  const requests: {
    texts: string[];
    withinMs: number;
    answer(answers: Answer<Sent>[]): void;
    fail(): void;
  }[] = [];
  const clock = { nowMs: 0 };
  const soon: (() => void)[] = [];
  const seen = { refused: 0 };
  const batcher = new SendBatcher({
    request(sends, withinMs) {
      const reply = Promise.withResolvers<Answer<Sent>[]>();
      const batch = decodeMessage<SendBatch>(encodeSendBatch(sends));
      const texts = batch.sends.map(({ data }) => (data as { text: string }).text);
      const fail = () => reply.reject(new Error("nobody answers"));
      requests.push({ texts, withinMs, answer: reply.resolve, fail });
      return reply.promise;
    },
    nowMs: () => clock.nowMs,
    answerMs: 4_000,
    soon: (callback) => void soon.push(callback),
    maxInFlight: 1,
    maxBatch: 10,
    maxBatchBytes: 10_000,
    maxWaiting: 100,
    maxWaitingBytes: 100_000,
    onRefused: () => seen.refused++,
    ...options,
  });
  const answers: string[] = [];
  return {
    batcher,
    seen,
    requests,
    clock,
    answers,
    add: (text: string) =>
      batcher.add(send(text), (answer) => {
        const code = "error" in answer ? answer.error.code : answer.result.gsid;
        answers.push(`${text} ${code}`);
      }),
    async turn() {
      for (const callback of soon.splice(0)) callback();
      await new Promise((resolve) => setTimeout(resolve));
    },
  };
}

function sent(gsid: number): Answer<Sent> {
  return { result: { gsid } as Sent };
}

Deno.test("sends of one turn travel together, and each gets its own answer", async () => {
  const { requests, answers, add, turn } = scene();
  add("a");
  add("b");
  assert.equal(requests.length, 0);
  await turn();
  assert.deepEqual(requests[0]!.texts, ["a", "b"]);
  requests[0]!.answer([sent(16), { error: { code: 4001, message: "unknown conversation" } }]);
  await turn();
  assert.deepEqual(answers, ["a 16", "b 4001"]);
});

Deno.test("what waits for its batch is asked for with what is left of its time, or answered", async () => {
  const { requests, clock, answers, add, turn, batcher } = scene();
  add("a");
  await turn();
  clock.nowMs = 500;
  add("late");
  clock.nowMs = 700;
  add("b");
  add("c");
  clock.nowMs = 3_501;
  requests[0]!.answer([sent(16)]);
  await turn();
  await turn();
  assert.deepEqual(answers, ["a 16", "late 100"]);
  assert.deepEqual(requests.map(({ withinMs }) => withinMs), [4_000, 1_199]);
  assert.deepEqual(requests[1]!.texts, ["b", "c"]);
  assert.deepEqual(batcher.waiting, { sends: 0, bytes: 0 });
});

Deno.test("while a request is in flight the next batch forms", async () => {
  const { requests, add, turn } = scene();
  add("a");
  await turn();
  add("b");
  await turn();
  add("c");
  await turn();
  assert.equal(requests.length, 1);
  requests[0]!.answer([sent(16)]);
  await turn();
  await turn();
  assert.deepEqual(requests[1]!.texts, ["b", "c"]);
});

Deno.test("a batch ends at its count, and before its bytes pass what the bus takes", async () => {
  const { requests, add, turn } = scene({ maxBatch: 3, maxInFlight: 9 });
  for (let i = 0; i < 4; i++) add(`${i}`);
  add("é".repeat(4000));
  add("è".repeat(4000));
  for (let i = 0; i < 4; i++) await turn();
  assert.deepEqual(requests.map(({ texts }) => texts.length), [3, 2, 1]);
});

Deno.test("sends that nobody answers, or answers too briefly, may be tried again", async () => {
  const { requests, answers, add, turn } = scene();
  add("a");
  await turn();
  requests[0]!.fail();
  await turn();
  add("b");
  add("c");
  await turn();
  requests[1]!.answer([sent(16)]);
  await turn();
  assert.deepEqual(answers, ["a 100", "b 16", "c 100"]);
});

Deno.test("beyond what may wait, by number or by bytes, a send is answered with 111 at once", async () => {
  for (const bound of [{ maxWaiting: 1 }, { maxWaitingBytes: 10 }]) {
    const { answers, add, seen, batcher, turn, requests } = scene(bound);
    add("a");
    const { bytes } = batcher.waiting;
    assert(bytes > 10);
    add("b");
    assert.deepEqual(answers, ["b 111"]);
    assert.equal(seen.refused, 1);
    assert.deepEqual(batcher.waiting, { sends: 1, bytes });
    await turn();
    assert.deepEqual(batcher.waiting, { sends: 0, bytes: 0 });
    requests[0]!.answer([sent(16)]);
    await turn();
    assert.deepEqual(answers, ["b 111", "a 16"]);
  }
});
