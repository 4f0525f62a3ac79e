/**
 * What `deno task check` found at several instances, told as one.
 *
 * Invariant: what is amiss is told, of whomever; what is well, or amiss alike, once for a program.
 * Pure.
 *
 * @module
 */

import { type Finding, ok } from "../../../check/finding.ts";
import type { Place } from "./places.ts";
import type { Ran } from "./run_fed.ts";

/** What is wrong with the settings is no failure of asking. */
export function findingsIn({ stdout, stderr }: Ran): Finding[] {
  if (stdout.startsWith("[")) return JSON.parse(stdout);
  throw new Error(`Cannot run task check: ${stderr.trim() || stdout.trim()}`);
}

/** In the order of the instances; those after the first of a program go by their names. */
export function inTurn(
  found: readonly { place: Pick<Place, "id" | "kind">; findings: readonly Finding[] }[],
): Finding[] {
  const told: Finding[] = [];
  const begun = new Set<Place["kind"]>();
  for (const { place: { id, kind }, findings } of found) {
    const isFirst = !begun.has(kind);
    begun.add(kind);
    told.push(...isFirst ? findings : inShort(id, findings, told));
  }
  return told;
}

function inShort(id: string, findings: readonly Finding[], told: readonly Finding[]): Finding[] {
  const amiss = findings.filter(({ level }) => level !== "ok");
  if (amiss.length === 0) return [ok(id, "all that its settings name is there")];
  return amiss.filter(({ says }) => !told.some((one) => one.says === says))
    .map((one) => ({ ...one, subject: one.subject.replace(/^\w+/, id) }));
}
