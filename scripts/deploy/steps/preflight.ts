/**
 * Trying every setting and whatever the settings name, before anything is changed.
 *
 * Invariant: it is the code of `deno task check`, so what it lets pass is what that lets pass. A
 * failure stops the deployment if it is one at a second look, too: moments pass. A warning is told.
 *
 * @module
 */

import { check, type Checked } from "../../check/check.ts";
import { count, type Finding } from "../../check/finding.ts";
import type { CheckDeps } from "../../check/probe.ts";
import { summary, table } from "../../check/table.ts";
import { pause } from "../../services/wait_until.ts";

const AGAIN_MS = 2_000;

/** Here; `checked.ports`: whether the programs will listen where their settings say. */
export async function preflight(
  checked: Checked,
  deps: CheckDeps,
  report: (line: string) => void,
): Promise<string> {
  const first = await check(checked, deps);
  if (count(first, "failure") === 0) return judge(first, report);
  report(`something failed: looking again in ${AGAIN_MS / 1000} s`);
  await pause(AGAIN_MS);
  return judge(await check(checked, deps), report);
}

/** What `deno task check --json` printed where the release will run. */
export function judgePrinted(printed: string, report: (line: string) => void): string {
  return judge(JSON.parse(printed) as Finding[], report);
}

/** @throws {Error} With every failure and its mend. */
function judge(findings: readonly Finding[], report: (line: string) => void): string {
  const failures = findings.filter(({ level }) => level === "failure");
  for (const line of table(findings.filter(({ level }) => level === "warning"))) report(line);
  if (count(findings, "failure") === 0) return summary(findings);
  throw new Error(`${summary(findings)}\n${table(failures).join("\n")}`);
}
