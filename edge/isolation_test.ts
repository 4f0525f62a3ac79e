import assert from "node:assert/strict";
import { Isolation, PATIENCE_MS } from "./isolation.ts";

Deno.test("an edge is hopeless only after it heard nobody for the whole patience", () => {
  const isolation = new Isolation();
  assert.equal(isolation.isHopeless(false, 0), false);
  assert.equal(isolation.isHopeless(false, PATIENCE_MS - 1), false);
  assert.equal(isolation.isHopeless(true, PATIENCE_MS), false);
  assert.equal(isolation.isHopeless(false, PATIENCE_MS + 1), false);
  assert.equal(isolation.isHopeless(false, 2 * PATIENCE_MS + 1), true);
  assert.equal(isolation.isHopeless(true, 2 * PATIENCE_MS + 2), false);
});
