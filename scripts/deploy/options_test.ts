import assert from "node:assert/strict";
import { deployCommand, type DeployOptions } from "./options.ts";

const DOCUMENT = await Deno.readTextFile(new URL("DEPLOY.md", import.meta.url));

/** The first two cells of each row of the table under a heading. */
function rows(heading: string): [string, string][] {
  const [, body] = DOCUMENT.split(`\n## ${heading}\n`);
  const lines = body!.split("\n## ")[0]!.split("\n").filter((line) => line.startsWith("| `"));
  return lines.map((line) => {
    const [, first, second] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    return [first!.replaceAll("`", ""), second!];
  });
}

function parse(...args: string[]): DeployOptions {
  const command = deployCommand().exitOverride().configureOutput({ writeErr: () => {} });
  return command.parse(args, { from: "user" }).opts();
}

Deno.test("DEPLOY.md says of every option what the command says, and of no other", () => {
  const said = deployCommand().options.map(({ flags, description }) => [flags, description]);
  assert.deepEqual(rows("Options"), said);
});

Deno.test("DEPLOY.md tells every step, in the order of a plan", () => {
  assert.deepEqual(rows("Step by step").map(([name]) => name), [
    ...["preflight", "stage", "migrate", "streams", "origins", "edges", "smoke", "record", "clean"],
  ]);
});

Deno.test("--target names one for both programs, or each for itself", () => {
  assert.deepEqual(parse().target, { edge: "local", origin: "local" });
  assert.deepEqual(parse("--target", "edge=local").target, { edge: "local", origin: "local" });
  assert.throws(() => parse("--target", "mainframe"), /There are local/);
});

Deno.test("--rollback takes a release, or the one before, and nothing that could be a path", () => {
  assert.equal(parse("--rollback").rollback, true);
  const id = "0.1.0-20261130T155012Z-74acb41";
  assert.equal(parse("--rollback", id).rollback, id);
  assert.throws(() => parse("--rollback", "../.."), /must be a release's id/);
});
