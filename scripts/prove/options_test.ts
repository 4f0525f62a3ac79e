import assert from "node:assert/strict";
import { runCommand } from "../cli/run.ts";
import { listOf } from "./list.ts";
import { proveCommand, type ProveOptions } from "./options.ts";
import type { Part } from "./part.ts";
import { PARTS } from "./parts.ts";

const run = () => Promise.reject(new Error("nothing runs here"));
const parts: Part[] = ["kill", "resume"].map((name) => ({
  ...{ name, about: "", minutes: 2, run },
}));

interface Parsed {
  code: number;
  options?: ProveOptions;
  /** All that was printed and told. */
  said: string;
}

async function parse(...args: string[]): Promise<Parsed> {
  let options: ProveOptions | undefined;
  let said = "";
  const hear = (line: string) => void (said += `${line}\n`);
  const command = proveCommand(parts).action((given: ProveOptions) => void (options = given));
  const code = await runCommand(command, args, { print: hear, tell: hear });
  return { code, said, ...(options && { options }) };
}

Deno.test("proveCommand() takes parts by name, and names none when none is named", async () => {
  const { options } = await parse("--part", "resume", "--part", "kill", "--times", "3");
  assert.deepEqual(options!.part!.map(({ name }) => name), ["resume", "kill"]);
  assert.equal(options!.times, 3);
  const joined = (await parse("--part", "resume,kill")).options!;
  assert.deepEqual(joined.part!.map(({ name }) => name), ["resume", "kill"]);
  const none = (await parse()).options!;
  assert.deepEqual([none.part, none.times, none.seed], [undefined, 1, undefined]);
});

Deno.test("proveCommand() refuses what it cannot do, and says what it can", async () => {
  const refused: [args: string[], words: RegExp][] = [
    [["--part", "walk"], /There are: kill, resume\.\nSee --help/],
    [["--part", "kill,walk"], /no part "walk"/],
    [["--part"], /See --help/],
    [["--times", "0"], /from 1 to/],
    [["--seed", "x"], /See --help/],
    [["--nope"], /See --help/],
    [["kill"], /did you mean --part kill\?/],
    [["walk"], /see --help/],
  ];
  for (const [args, words] of refused) {
    const { code, said, options } = await parse(...args);
    assert.deepEqual([code, options], [2, undefined], args.join(" "));
    assert.match(said, words);
  }
});

Deno.test("proveCommand() says how long it takes, what it needs and how it ends", async () => {
  const { code, said } = await parse("--help");
  assert.equal(code, 0);
  for (const words of [/about\s2\s+minutes/, /2 cores/, /130 interrupted/, /see --list/]) {
    assert.match(said, words);
  }
});

Deno.test("listOf() names every part in lines of a terminal, and says which must be named", () => {
  const lines = listOf(PARTS).split("\n");
  for (const line of lines) assert.ok(line.length <= 80, line);
  const names = lines.flatMap((line) => /^ +([a-z-]+) +\d+ min /.exec(line)?.[1] ?? []);
  assert.deepEqual(names, PARTS.map(({ name }) => name));
  assert.match(lines.at(-1)!, /only when named/);
});

Deno.test("every part has a name that can be typed, and says briefly what it does", () => {
  assert.equal(new Set(PARTS.map(({ name }) => name)).size, PARTS.length);
  for (const { name, about } of PARTS) {
    assert.match(name, /^[a-z][a-z-]{2,19}$/);
    assert.match(about, /^[^\n]{10,110}$/);
  }
});
