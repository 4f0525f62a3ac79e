/**
 * For tests: misconfigurations that are planted, and what is to be found of them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Command } from "commander";
import denoJson from "../../deno.json" with { type: "json" };
import { runCommand } from "../cli/run.ts";
import { checkCommand } from "./command.ts";
import type { Finding } from "./finding.ts";
import type { CheckDeps } from "./probe.ts";

export const DEPS: CheckDeps = {
  nowMs: Date.now,
  elapsedMs: () => performance.now(),
  readText: Deno.readTextFileSync,
};

/** One misconfiguration, and the one finding that is not well. */
export interface Plant {
  name: string;
  find(): Promise<Finding[]> | Finding[];
  level?: "warning" | "failure";
  subject: string;
  says: RegExp;
  mend: RegExp;
}

export function testPlants(plants: readonly Plant[]): void {
  for (const plant of plants) {
    const { level = "failure", subject, name } = plant;
    Deno.test(`${name}: a ${level} of ${subject}`, async () => {
      expectOnly(await plant.find(), { ...plant, level });
    });
  }
}

export function expectOnly(
  findings: readonly Finding[],
  { level, subject, says, mend }: Pick<Plant, "subject" | "says" | "mend"> & { level: string },
): void {
  const amiss = findings.filter((finding) => finding.level !== "ok");
  assert.deepEqual(amiss.map((one) => [one.level, one.subject]), [[level, subject]], show(amiss));
  assert.match(amiss[0]!.says, says);
  assert.match(amiss[0]!.mend ?? "", mend);
}

export function expectAllWell(findings: readonly Finding[]): void {
  assert.ok(findings.length > 0);
  const amiss = findings.filter(({ level }) => level !== "ok");
  assert.deepEqual(amiss, [], show(amiss));
}

function show(findings: readonly Finding[]): string {
  return JSON.stringify(findings, undefined, 2);
}

export const NEVER: AbortSignal = new AbortController().signal;

/** The command as it is typed, with nothing in the environment but what is given. */
export async function runCheck(
  args: readonly string[],
  environment: Record<string, string> = {},
  deps: Partial<CheckDeps> = {},
): Promise<{ code: number; printed: string; told: string; findings(): Finding[] }> {
  const printed: string[] = [], told: string[] = [];
  const terminal = {
    print: (line: string) => void printed.push(line),
    tell: (line: string) => void told.push(line),
    environment,
    originTask: denoJson.tasks.origin.command,
  };
  const command: Command = checkCommand(terminal, { ...DEPS, ...deps });
  const code = await runCommand(command, [...args], terminal);
  const text = printed.join("\n");
  return { code, printed: text, told: told.join("\n"), findings: () => JSON.parse(text) };
}

/** A file of settings as an operator would write it, for nobody else to read. */
export async function writeEnvFile(
  path: string,
  values: Record<string, string>,
): Promise<string> {
  const lines = Object.entries(values).map(([name, value]) => `${name}='${value}'`);
  await Deno.writeTextFile(path, lines.join("\n"), { mode: 0o600 });
  return path;
}
