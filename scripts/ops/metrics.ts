/**
 * The table of metrics, as the programs register them.
 *
 * Invariant: a row is what its program registered, so the table cannot say anything else.
 *
 * @module
 */

import { registeredMetrics } from "./registered.ts";

/** Markdown. */
export function metricsTable(): string {
  const rows = registeredMetrics().map(({ name, type, labels, parts, help }) =>
    row([
      `\`${name}\``,
      type,
      labels.map((label) => `\`${label}\``).join(", "),
      parts.join(", "),
      help,
    ])
  );
  return [row(["name", "type", "labels", "of", "what it is"]), row(Array(5).fill("---")), ...rows]
    .join("\n");
}

function row(cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

if (import.meta.main) console.log(metricsTable());
