import assert from "node:assert/strict";
import { reporter } from "./report.ts";

function report(isTerminal: boolean): string {
  let text = "";
  const { begin, line, end, fail } = reporter((more) => text += more, isTerminal);
  begin("edges");
  line("edge-0 runs");
  end({ name: "edges", ms: 1_500, says: "all run" });
  begin("smoke");
  fail({ name: "smoke", ms: 20, why: "Nobody can connect\nat all" });
  return text;
}

Deno.test("reporter() writes plain lines, each with what it belongs to", () => {
  assert.deepEqual(report(false).split("\n"), [
    "              edge-0 runs",
    "  edges       done in 1.5 s: all run",
    "  smoke       FAILED after 0.0 s: Nobody can connect",
    "              at all",
    "",
  ]);
});

Deno.test("reporter() shows on a terminal which step is under way, and leaves nothing of that", () => {
  const text = report(true);
  assert.match(text, /edges {7}…/);
  // What a terminal shows: each line from where it was cleared last.
  const shown = text.split("\n").map((line) => line.split("\r\x1b[K").at(-1));
  assert.deepEqual(shown, report(false).split("\n"));
});
