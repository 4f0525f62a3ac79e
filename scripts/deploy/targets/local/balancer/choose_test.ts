import assert from "node:assert/strict";
import { type Backend, chooseBackend } from "./choose.ts";

const backend = (id: string, isOpen = true): Backend => ({ id, port: 1, isOpen });
const none: ReadonlySet<string> = new Set();

Deno.test("chooseBackend() takes the open one with the fewest connections", () => {
  const backends = [backend("a"), backend("b"), backend("c", false)];
  const connections = new Map([["a", 2], ["b", 1]]);
  assert.equal(chooseBackend(backends, connections, none, 0)!.id, "b");
});

Deno.test("chooseBackend() lets those that have as few take turns", () => {
  const backends = [backend("a"), backend("b")];
  const ids = [0, 1, 2].map((turn) => chooseBackend(backends, new Map(), none, turn)!.id);
  assert.deepEqual(ids, ["a", "b", "a"]);
});

Deno.test("chooseBackend() passes over what was tried, and knows when nobody is left", () => {
  const backends = [backend("a"), backend("b", false)];
  assert.equal(chooseBackend(backends, new Map(), new Set(["a"]), 0), undefined);
  assert.equal(chooseBackend([], new Map(), none, 0), undefined);
});
