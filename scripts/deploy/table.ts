/**
 * A plan as a table for a terminal.
 *
 * Invariant: nothing of a step is left out, however narrow the terminal. Pure.
 *
 * @module
 */

import type { Step } from "./plan.ts";

const HEAD = { name: "step", where: "where", changes: "what changes", undo: "the way back" };
const GAP = "  ";

export function planTable(steps: readonly Step[]): string[] {
  const rows = [HEAD, ...steps];
  const width = (of: (row: typeof HEAD) => string) =>
    Math.max(...rows.map((row) => of(row).length));
  const [name, where, changes] = [
    width((row) => row.name),
    width((row) => row.where),
    width((row) => row.changes),
  ];
  return rows.map((row) =>
    [
      row.name.padEnd(name),
      row.where.padEnd(where),
      row.changes.padEnd(changes),
      row.undo,
    ].join(GAP)
  );
}
