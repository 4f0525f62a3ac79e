import assert from "node:assert/strict";
import { cyclesOf, importsOf } from "./cycles.ts";
import { filesOfProject, readFile } from "./project.ts";

Deno.test("importsOf() finds whatever a module imports of the project, in each way to say it", () => {
  const source = `#!/usr/bin/env -S deno run
import "./effect.ts";
import plain from "../plain.ts";
import type { Type } from "shared/type.ts";
import {
  long,
  type Longer, // with a word on it
} from "testing/long.ts";
import * as all from "edge/all.ts";
import table from "./table.json" with { type: "json" };
import { join } from "node:path";
import ws from "ws";
export { one } from "./one.ts";
export * from "./barrel.ts";
// import { gone } from "./gone.ts";
export const later = () => import("./later.ts");
let typed: typeof import(
  "./typed.ts"
);
export const from = { text: 'from "./text.ts"' };
`;
  assert.deepEqual(importsOf("origin/push/queue.ts", source), [
    "origin/push/effect.ts",
    "origin/plain.ts",
    "shared/type.ts",
    "scripts/testing/long.ts",
    "edge/all.ts",
    "origin/push/table.json",
    "origin/push/one.ts",
    "origin/push/barrel.ts",
    "origin/push/later.ts",
    "origin/push/typed.ts",
  ]);
});

Deno.test("cyclesOf() names every cycle once, and nothing that only leads to one", () => {
  const imports = (...pairs: string[]) =>
    new Map(pairs.map((pair) => [pair[0]!, pair.slice(1).split("")]));
  const cases: [pairs: string[], cycles: string[]][] = [
    [["abc", "bc", "c"], []],
    [["ab", "bca", "ca"], ["a imports b imports a", "a imports b imports c imports a"]],
    [["xb", "bc", "cbd", "d"], ["b imports c imports b"]],
    [["aa"], ["a imports a"]],
    [["ab", "ba", "cb", "cd", "dc"], ["a imports b imports a", "c imports d imports c"]],
    // Where d is not of the project.
    [["ad", "bd"], []],
  ];
  for (const [pairs, cycles] of cases) assert.deepEqual(cyclesOf(imports(...pairs)), cycles);
});

Deno.test("no module imports itself by way of others", () => {
  const modules = [...filesOfProject()].filter((path) => /\.tsx?$/.test(path));
  const imports = new Map(modules.map((path) => [path, importsOf(path, readFile(path))]));
  assert.deepEqual(cyclesOf(imports), []);

  // So it would be seen if the hub knew who starts it.
  const bent = new Map(imports).set("edge/hub/hub.ts", ["edge/app.ts"]);
  assert.match(cyclesOf(bent).join(), /edge\/app\.ts imports .*edge\/hub\/hub\.ts/);
});
