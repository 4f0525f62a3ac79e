/**
 * The table of plants that were tried: what each breaks, who found it, and how soon.
 *
 * @module
 */

import type { JudgeKind } from "./judge.ts";
import type { Verdict } from "./run_judge.ts";
import type { Trial } from "./trial.ts";

const KINDS: readonly JudgeKind[] = ["history", "simulation", "explorer", "test"];

export function markdownOf({ plants }: Trial): string {
  const rows = plants.map(({ plant, verdicts }) => [
    `\`${plant.name}\``,
    plant.about,
    plant.promise,
    ...KINDS.map((kind) => cell(verdicts.filter(({ judge }) => judge.kind === kind))),
  ]);
  const head = ["plant", "what it does wrong", "the promise that it breaks", ...KINDS];
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function cell(verdicts: readonly Verdict[]): string {
  return verdicts.map(({ judge, outcome, ms }) => {
    const name = judge.id.replace(/^\w+: /, "");
    return outcome === "found" ? `${name}, ${(ms / 1000).toFixed(1)} s` : `${name}: ${outcome}`;
  }).join("; ");
}
