import assert from "node:assert/strict";
import { ANOMALY_NAMES } from "./anomaly_names.ts";
import { PARTS } from "./parts.ts";

const proof = Deno.readTextFileSync(new URL("PROOF.md", import.meta.url));

/** The names that begin the rows under a heading. */
function named(heading: string): string[] {
  const [, body] = proof.split(`\n## ${heading}\n`);
  const rows = body!.split("\n## ")[0]!.matchAll(/^\| `([a-z-]+)` +\|/gm);
  return [...rows].map(([, name]) => name!);
}

Deno.test("PROOF.md says of every part what it does, in the order of the short lane", () => {
  assert.deepEqual(named("The parts"), PARTS.map(({ name }) => name));
});

Deno.test("PROOF.md explains every anomaly, and no other", () => {
  assert.deepEqual(named("The anomalies").toSorted(), ANOMALY_NAMES.toSorted());
});

Deno.test("PROOF.md has a place for the scoreboard", () => {
  assert.match(proof, /\n<!-- scoreboard -->\n[^]*<!-- \/scoreboard -->\n$/);
});
