import assert from "node:assert/strict";
import { SeenHeads } from "./seen_heads.ts";

Deno.test("SeenHeads tells what was the newest event so long ago, and nothing newer", () => {
  const heads = new SeenHeads();
  assert.deepEqual([heads.before(0, 0), heads.newest], [0, 0]);
  for (let second = 0; second <= 30; second++) heads.note(100 + second, second * 1_000);
  assert.equal(heads.newest, 130);
  assert.equal(heads.before(15_000, 14_999), 0);
  assert.equal(heads.before(15_000, 30_000), 115);
  assert.equal(heads.before(15_000, 30_999), 115);
  assert.equal(heads.before(15_000, 31_000), 116);
  assert.equal(heads.before(18_000, 31_000), 0, "what was forgotten is not made up");
});

Deno.test("SeenHeads keeps the time at which an event was the newest first", () => {
  const heads = new SeenHeads();
  for (const nowMs of [0, 1_000, 2_000]) heads.note(16, nowMs);
  assert.equal(heads.before(2_000, 2_000), 16);
});

Deno.test("SeenHeads forgets a log that ended further on: the database is another", () => {
  const heads = new SeenHeads();
  heads.note(1_000, 0);
  heads.note(16, 20_000);
  assert.equal(heads.before(15_000, 20_000), 0);
  assert.equal(heads.before(15_000, 35_000), 16);
});
