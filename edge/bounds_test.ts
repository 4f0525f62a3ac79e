import assert from "node:assert/strict";
import { boundedNames, boundsInDocument, testsInDocument } from "testing/bounds.ts";
import { edgeScene } from "./testing.ts";

Deno.test("an edge shows how full everything is that the table of bounds names", async () => {
  await using scene = await edgeScene();
  const metrics = await (await fetch(`${scene.internal}/metrics`)).text();
  assert.deepEqual(boundedNames(metrics, "edge"), await boundsInDocument("Edge"));
});

Deno.test("every bound of the table is held by a test that exists", async () => {
  for (const path of await testsInDocument()) assert.ok(Deno.statSync(path).isFile);
});
