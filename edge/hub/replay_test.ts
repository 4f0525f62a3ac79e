import assert from "node:assert/strict";
import type { StreamedMessage } from "shared/bus/jetstream.ts";
import { encodeLive, type Live, type LiveKind } from "shared/bus/live.ts";
import type { UserId } from "shared/ids.ts";
import { inboxTopic, subjectOf, type TopicKey } from "shared/topic.ts";
import { Replay, type ReplayDeps } from "./replay.ts";

const topic = inboxTopic("ana" as UserId);

function message(gsid: number, kind: LiveKind = "event"): StreamedMessage {
  return {
    subject: subjectOf(topic),
    data: encodeLive({ kind, gsid, membership: 0, data: "{}" }),
  };
}

function scene(read: ReplayDeps["read"]) {
  const mended: [TopicKey, number][] = [], faults: unknown[] = [];
  const clock = { nowMs: 100_000 };
  const replay = new Replay({
    read,
    mend: (topic: TopicKey, live: Live) => mended.push([topic, live.gsid]),
    now: () => clock.nowMs,
    onFault: (error) => faults.push(error),
  });
  return { replay, mended, faults, clock };
}

Deno.test("start() hands out what the stream kept since shortly before the last proof of life", async () => {
  const { replay, mended, clock } = scene((sinceMs, handle) => {
    assert.equal(sinceMs, 98_000);
    [message(16), message(0, "control"), { subject: "other", data: new Uint8Array() }, message(32)]
      .forEach(handle);
    return Promise.resolve(4);
  });
  replay.heard();
  clock.nowMs = 160_000;
  await replay.start();
  assert.deepEqual(mended, [[topic, 16], [topic, 32]]);
});

Deno.test("start() reads nothing when nothing was ever heard", async () => {
  const { replay } = scene(() => assert.fail("nothing was missed"));
  await replay.start();
});

Deno.test("a second cut during a replay keeps the beginning of the first hole", async () => {
  const begins: number[] = [];
  const first = Promise.withResolvers<number>();
  const { replay, clock, faults } = scene((sinceMs, _handle, signal) => {
    begins.push(sinceMs);
    signal.addEventListener("abort", () => first.reject(signal.reason));
    return begins.length === 1 ? first.promise : Promise.resolve(0);
  });
  replay.heard();
  const cut = replay.start();
  clock.nowMs += 5000;
  replay.heard();
  await replay.start();
  await cut;
  assert.deepEqual(begins, [98_000, 98_000]);
  assert.deepEqual(faults, []);
});

Deno.test("a stream that cannot be read is told, and left to the digest", async () => {
  const { replay, faults } = scene(() => Promise.reject(new Error("no stream")));
  replay.heard();
  await replay.start();
  assert.equal(faults.length, 1);
});
