import assert from "node:assert/strict";
import denoJson from "../../deno.json" with { type: "json" };
import { filesOfProject, NOT_OURS, readFile, ROOT } from "./project.ts";
import { PACKAGE_HOMES } from "./tree.ts";

const TOP_LEVEL = new Set([
  ...["edge", "origin", "shared", "scripts", ".github", ".ci"],
  ...["README.md", "LICENSE", "deno.json", "deno.lock", ".gitignore", ".npmrc"],
]);
const MAX_LINES = 300;
/** Beyond the limit for a reason: tables of cases read better in one place. */
const MAX_TEST_LINES = 400;

const files = [...filesOfProject()];
const modules = files.filter((path) => path.endsWith(".ts") && !path.endsWith("_test.ts"));

/** The first lines of a module, when they are a header as they should be. */
function headerOf(path: string): string | undefined {
  return /^(#!.*\n)?\/\*\*\n.*?\n \* @module\n \*\/\n/s.exec(readFile(path))?.[0];
}

Deno.test("the top level holds what it should, and nothing else", () => {
  const names = [...Deno.readDirSync(ROOT)].map(({ name }) => name);
  assert.deepEqual(names.filter((name) => !NOT_OURS.has(name) && !TOP_LEVEL.has(name)), []);
});

Deno.test("no file is longer than one sitting", () => {
  const long = files.filter((path) => /\.(ts|sql|sh)$/.test(path)).flatMap((path) => {
    const lines = readFile(path).split("\n").length - 1;
    const most = path.endsWith("_test.ts") ? MAX_TEST_LINES : MAX_LINES;
    return lines > most ? [`${path}: ${lines} lines, at most ${most}`] : [];
  });
  assert.deepEqual(long, []);
});

Deno.test("every module begins by saying what it owns", () => {
  const bare = modules.filter((path) => {
    const header = headerOf(path);
    return header === undefined || header.length < 40;
  });
  assert.deepEqual(bare, []);
});

Deno.test("the modules that decide claim to be pure, so that the linter holds them to it", () => {
  const cores = modules.filter((path) => /(^|\/)(decide|step|policy|interpret)\.ts$/.test(path));
  assert.ok(cores.length >= 4, cores.join());
  assert.deepEqual(cores.filter((path) => !/\bPure\b/.test(headerOf(path) ?? "")), []);
});

Deno.test("no barrel hides who uses what", () => {
  assert.deepEqual(modules.filter((path) => /(^|\/)(mod|index)\.ts$/.test(path)), []);
});

Deno.test("nothing is left for later", () => {
  // Put together here, so that this file may pass its own rule.
  const words = [
    "TO" + "DO",
    "FIX" + "ME",
    "XX" + "X",
    "st" + "ub",
    "place" + "holder",
    "for " + "now",
  ];
  const promise = new RegExp(`\\b(${words.join("|")})s?\\b`, "i");
  const texts = files.filter((path) => path !== "deno.lock" && !path.endsWith(".png"));
  const found = texts.flatMap((path) =>
    readFile(path).split("\n").flatMap((line, i) =>
      promise.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : []
    )
  );
  assert.deepEqual(found, []);
});

Deno.test("every package is pinned, has a home, and is on the list of imports", () => {
  const specifiers = Object.values(denoJson.imports).filter((target) => target.startsWith("npm:"));
  for (const specifier of specifiers) {
    assert.match(specifier, /^npm:\/?(@[\w-]+\/)?[\w-]+@\d+\.\d+\.\d+(-[\w.]+)?\/?$/, specifier);
  }
  const names = Object.keys(denoJson.imports)
    .filter((name) => !name.endsWith("/") && !name.startsWith("@types/"));
  assert.deepEqual(names.toSorted(), Object.keys(PACKAGE_HOMES).toSorted());
});

Deno.test("every task says in one line what it does", () => {
  for (const [name, task] of Object.entries(denoJson.tasks)) {
    assert.match(task.description ?? "", /^[A-Z][^\n]{9,99}$/, name);
  }
});
