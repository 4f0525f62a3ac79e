import assert from "node:assert/strict";
import { settingsTables } from "./settings.ts";

const DOCUMENT = new URL("../../.github/SETTINGS.md", import.meta.url);

Deno.test("the table of settings says what the programs read", async () => {
  const text = await Deno.readTextFile(DOCUMENT);
  const written = text.slice(text.indexOf("## Edge"));
  assert.equal(bare(written), bare(settingsTables()), "see the last line of SETTINGS.md");
});

/** Without what the formatter may change: the widths of columns. */
function bare(markdown: string): string {
  const lines = markdown.split("\n").filter((line) => line.startsWith("|"));
  return lines.map((line) => line.replaceAll(/ +|-{3,}/g, "")).join("\n");
}
