import assert from "node:assert/strict";
import { check } from "../check.ts";
import { Scene } from "../testing/scene.ts";

Deno.test("checkPositions() takes a cursor above the last event for right: repeats draw gsids too", () => {
  const scene = new Scene();
  scene.send(scene.device("ana"), { user: "bob" });
  scene.repeat();
  scene.disconnect(scene.device("bob"));
  scene.connect(scene.device("bob"));
  assert.deepEqual(check(scene.history, scene.truth, scene.expect).anomalies, []);
});
