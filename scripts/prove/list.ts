/**
 * The parts of the proof, in a terminal of 80 columns.
 *
 * @module
 */

import { Help } from "commander";
import type { Part } from "./part.ts";

const COLUMNS = 80;

export function listOf(parts: readonly Part[]): string {
  const help = new Help();
  help.prepareContext({ helpWidth: COLUMNS });
  const terms = parts.map(({ name, minutes }) =>
    `${name.padEnd(11)}${`${minutes} min`.padStart(7)}`
  );
  const width = Math.max(...terms.map(({ length }) => length));
  const lines = parts.map(({ about, long }, i) =>
    help.formatItem(terms[i]!, width, long ? `${about} (long: only when named)` : about, help)
  );
  return lines.join("\n");
}

/** Of all that run when none is named, `atOnce` beside each other where they may. */
export function minutesOf(parts: readonly Part[], atOnce: number): number {
  const sum = (some: readonly Part[]) => some.reduce((sum, { minutes }) => sum + minutes, 0);
  const short = parts.filter(({ long }) => !long);
  const alone = short.filter(({ alone }) => alone);
  return Math.ceil(sum(alone) + (sum(short) - sum(alone)) / atOnce);
}
