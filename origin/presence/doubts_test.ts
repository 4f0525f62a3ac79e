import assert from "node:assert/strict";
import { ANNOUNCE, decodeMessage, type PresenceLost } from "shared/bus/requests.ts";
import { Doubts } from "./doubts.ts";

Deno.test("tell() tells each replica once a second", () => {
  const told: string[] = [];
  let nowMs = 0;
  const doubts = new Doubts({
    bus: {
      publish(subject, data) {
        assert.equal(subject, ANNOUNCE.presenceLost);
        told.push(decodeMessage<PresenceLost>(data).replica);
      },
    },
    nowMs: () => nowMs,
  });
  for (const replica of ["a", "a", "b"]) doubts.tell(replica);
  nowMs = 999;
  doubts.tell("a");
  assert.deepEqual(told, ["a", "b"]);
  nowMs = 1_000;
  doubts.tell("a");
  assert.deepEqual(told, ["a", "b", "a"]);
});
