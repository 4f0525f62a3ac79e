import assert from "node:assert/strict";
import { ANOMALIES } from "./history/evidence.ts";
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

Deno.test("PROOF.md explains every anomaly", () => {
  const explained = named("The anomalies");
  const missing = [...ANOMALIES, "over-limit", "not-measured", "error"].filter((name) =>
    !explained.includes(name)
  );
  assert.deepEqual(missing, []);
});

Deno.test("PROOF.md has a place for the scoreboard", () => {
  assert.match(proof, /\n<!-- scoreboard -->\n[^]*<!-- \/scoreboard -->\n$/);
});
