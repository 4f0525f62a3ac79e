import assert from "node:assert/strict";
import type { StreamedMessage } from "shared/bus/jetstream.ts";
import { encodeLive, type Live, type LiveKind } from "shared/bus/live.ts";
import { gsidAt } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import { inboxTopic, subjectOf, type TopicKey } from "shared/topic.ts";
import { Replay, type ReplayDeps } from "./replay.ts";

const topic = inboxTopic("ana" as UserId);
const NOON_MS = Date.parse("2026-03-01T12:00:00Z");

function message(gsid: number, kind: LiveKind = "event"): StreamedMessage {
  return {
    subject: subjectOf(topic),
    data: encodeLive({ kind, gsid, membership: 0, data: "{}" }),
  };
}

function scene(read: ReplayDeps["read"], proven: number | undefined = gsidAt(NOON_MS)) {
  const mended: [TopicKey, number][] = [], replayed: number[] = [], faults: unknown[] = [];
  const state: { proven: number | undefined } = { proven };
  const replay = new Replay({
    read,
    mend: (topic: TopicKey, live: Live) => mended.push([topic, live.gsid]),
    proven: () => state.proven,
    events: {
      replayed: (messages) => replayed.push(messages),
      notReplayed: (error) => faults.push(error),
    },
  });
  return { replay, mended, replayed, faults, state };
}

Deno.test("start() reads from shortly before what is proven, and hands out what lies above", async () => {
  const noon = gsidAt(NOON_MS);
  const { replay, mended, replayed } = scene((sinceMs, handle) => {
    assert.equal(sinceMs, NOON_MS - 2_000);
    [
      message(noon - 16),
      message(noon),
      message(noon + 16),
      message(0, "control"),
      { subject: "other", data: new Uint8Array() },
      message(noon + 32),
    ].forEach(handle);
    return Promise.resolve(6);
  });
  await replay.start();
  assert.deepEqual([mended, replayed], [[[topic, noon + 16], [topic, noon + 32]], [6]]);
});

Deno.test("start() reads nothing while nothing is proven", async () => {
  const { replay, state } = scene(() => assert.fail("nothing was missed"));
  state.proven = undefined;
  await replay.start();
});

Deno.test("a second cut during a replay begins at what is proven by then, and ends the first", async () => {
  const begins: number[] = [];
  const first = Promise.withResolvers<number>();
  const { replay, state, faults, replayed } = scene((sinceMs, _handle, signal) => {
    begins.push(sinceMs);
    signal.addEventListener("abort", () => first.reject(signal.reason));
    return begins.length === 1 ? first.promise : Promise.resolve(0);
  });
  const cut = replay.start();
  state.proven = gsidAt(NOON_MS + 1_000);
  await replay.start();
  await cut;
  await replay.settled();
  assert.deepEqual(begins, [NOON_MS - 2_000, NOON_MS - 1_000]);
  assert.deepEqual([faults, replayed], [[], [0]]);
});

Deno.test("a stream that cannot be read is told, and left to the digest", async () => {
  const { replay, faults, replayed } = scene(() => Promise.reject(new Error("no stream")));
  await replay.start();
  assert.deepEqual([faults.length, replayed], [1, []]);
});

Deno.test("settled() waits for the replay that runs, and for none when none does", async () => {
  const read = Promise.withResolvers<number>();
  const { replay } = scene(() => read.promise);
  await replay.settled();
  void replay.start();
  let settled = false;
  const waiting = replay.settled().then(() => settled = true);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(settled, false);
  read.resolve(1);
  await waiting;
});
