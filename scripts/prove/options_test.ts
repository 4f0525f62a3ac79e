import assert from "node:assert/strict";
import { runCommand } from "../cli/run.ts";
import { proveCommand, type ProveOptions } from "./options.ts";
import type { Part } from "./part.ts";
import { PARTS } from "./parts.ts";

const run = () => Promise.reject(new Error("nothing runs here"));
const parts: Part[] = ["kill", "resume"].map((name) => ({ name, about: "", run }));

async function parse(...args: string[]): Promise<{ code: number; options?: ProveOptions }> {
  let options: ProveOptions | undefined;
  const command = proveCommand(parts).action((given: ProveOptions) => void (options = given));
  const code = await runCommand(command, args, { print: () => {}, tell: () => {} });
  return { code, ...(options && { options }) };
}

Deno.test("proveCommand() takes parts by name, and names none when none is named", async () => {
  const { options } = await parse("--part", "resume", "--part", "kill", "--times", "3");
  assert.deepEqual(options!.part!.map(({ name }) => name), ["resume", "kill"]);
  assert.equal(options!.times, 3);
  const none = (await parse()).options!;
  assert.deepEqual([none.part, none.times, none.seed], [undefined, 1, undefined]);
});

Deno.test("proveCommand() refuses what it cannot do", async () => {
  for (const args of [["--part", "walk"], ["--times", "0"], ["--seed", "x"], ["kill"]]) {
    assert.equal((await parse(...args)).code, 2, args.join(" "));
  }
});

Deno.test("every part has a name that can be typed, and says briefly what it does", () => {
  assert.equal(new Set(PARTS.map(({ name }) => name)).size, PARTS.length);
  for (const { name, about } of PARTS) {
    assert.match(name, /^[a-z][a-z-]{2,19}$/);
    assert.match(about, /^[^\n]{10,160}$/);
  }
});
