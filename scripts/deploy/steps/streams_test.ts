import assert from "node:assert/strict";
import type { StreamConfig } from "@nats-io/jetstream";
import { StorageType } from "@nats-io/jetstream";
import { chatStreamConfig } from "shared/bus/jetstream.ts";
import { judgeStream } from "./streams.ts";

const WANTED = { replicas: 1, maxBytes: 1_000_000 };

function judge(change: Partial<StreamConfig>, state = { messages: 10, bytes: 5_000 }) {
  const config = { ...chatStreamConfig(WANTED), ...change } as StreamConfig;
  return judgeStream({ config, state }, WANTED);
}

Deno.test("judgeStream() finds nothing to change in a stream that is as it should be", () => {
  assert.deepEqual(judge({}), { changes: [], refused: [] });
});

Deno.test("judgeStream() says what would change, from what to what", () => {
  assert.deepEqual(judge({ max_bytes: 500_000, num_replicas: 3 }), {
    changes: ["max_bytes: 500000 → 1000000", "num_replicas: 3 → 1"],
    refused: [],
  });
});

Deno.test("judgeStream() refuses what would drop messages, and nothing of an empty stream", () => {
  const dropping: Partial<StreamConfig>[] = [
    { max_age: 0 },
    { subjects: [...chatStreamConfig(WANTED).subjects, "other.>"] },
  ];
  for (const change of dropping) {
    assert.equal(judge(change).refused.length, 1, JSON.stringify(change));
    assert.deepEqual(judge(change, { messages: 0, bytes: 0 }).refused, []);
  }
  const { refused } = judge({ max_bytes: 2_000_000 }, { messages: 9, bytes: 1_500_000 });
  assert.match(refused[0]!, /holds 1500000 bytes.*set STREAM_MAX_BYTES/);
});

Deno.test("judgeStream() refuses what no server changes, empty or not", () => {
  const { refused } = judge({ storage: StorageType.Memory }, { messages: 0, bytes: 0 });
  assert.match(refused[0]!, /Cannot change storage of CHAT.*nats stream rm CHAT/);
});
