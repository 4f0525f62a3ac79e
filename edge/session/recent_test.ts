import assert from "node:assert/strict";
import { Recent } from "./recent.ts";

Deno.test("Recent remembers its newest members, each until it is taken, and not for ever", () => {
  const recent = new Recent<number>(3);
  for (let i = 1; i <= 8; i++) recent.add(i);
  assert.deepEqual([6, 7, 8].map((i) => recent.take(i)), [true, true, true]);
  assert.equal(recent.take(8), false);
  assert.equal(recent.take(1), false);
});
