import assert from "node:assert/strict";
import { newestIn } from "./previous_release.ts";

const ROW = (version: string, digit: string) => `| ${version} | \`${digit.repeat(40)}\` | words |`;

Deno.test("newestIn() reads the first row of a table of releases", () => {
  const table = ["| version | commit | what changed |", "| --- | --- | --- |"];
  const changes = [...table, ROW("0.2.0", "b"), ROW("0.1.0", "a")].join("\n");
  assert.deepEqual(newestIn(changes), { version: "0.2.0", commit: "b".repeat(40) });
});

Deno.test("newestIn() says so when nothing was released", () => {
  assert.throws(() => newestIn("# Changes"), /Cannot tell what was released/);
});
