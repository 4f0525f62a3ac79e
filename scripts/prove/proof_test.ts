import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { ANOMALY_NAMES } from "./anomaly_names.ts";
import { PARTS } from "./parts.ts";
import { readScoreboard } from "./scoreboard_file.ts";
import { markdownTable } from "./scoreboard_table.ts";

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

Deno.test("PROOF.md shows the scoreboard that lies beside it, and nothing else", async () => {
  const file = fileURLToPath(new URL("scoreboard.json", import.meta.url));
  const board = await readScoreboard(file);
  const [, shown] = /\n<!-- scoreboard -->\n\n([^]*)\n\n<!-- \/scoreboard -->\n$/.exec(proof)!;
  const printed = markdownTable(board!, PARTS.map(({ name }) => name));
  assert.equal(unwrapped(shown!), unwrapped(printed));
});

/** Without what the formatter may change. */
function unwrapped(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}
