import assert from "node:assert/strict";
import { readEdge } from "edge/config.ts";
import { readOrigin } from "origin/config.ts";
import { settingsOf } from "shared/config/read.ts";
import { settingsTables } from "./settings.ts";

const DOCUMENT = new URL("../../.github/SETTINGS.md", import.meta.url);

Deno.test("the table of settings says what the programs read", async () => {
  const text = await Deno.readTextFile(DOCUMENT);
  const written = text.slice(text.indexOf("## Edge"));
  assert.equal(bare(written), bare(settingsTables()), "see the last line of SETTINGS.md");
});

Deno.test("a program may read each of its settings: one that it may not is silently its default", async () => {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  );
  for (const [program, read] of [["edge", readEdge], ["origin", readOrigin]] as const) {
    const [, allowed] = /--allow-env=(\S+)/.exec(tasks[program].command)!;
    const names = settingsOf(read as (typeof readOrigin)).map(({ name }) => name);
    assert.deepEqual(names.filter((name) => !allowed!.split(",").includes(name)), []);
  }
});

/** Without what the formatter may change: the widths of columns. */
function bare(markdown: string): string {
  const lines = markdown.split("\n").filter((line) => line.startsWith("|"));
  return lines.map((line) => line.replaceAll(/ +|-{3,}/g, "")).join("\n");
}
