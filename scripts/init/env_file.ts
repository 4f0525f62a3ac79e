/**
 * A file of settings, written for whoever is to read and complete it.
 *
 * Invariant: what a setting is stands before it in the words of its reader; what only the operator
 * knows is marked `FILL IN`. Pure.
 *
 * @module
 */

import type { Setting } from "shared/config/read.ts";

export interface Line {
  name: string;
  value: string;
  /** What only the operator knows; the value is then an example, or what holds on this machine. */
  fillIn?: string;
  /** Not set unless the operator takes the mark away. */
  isOptional?: true;
}

/** @throws {RangeError} When nobody reads a setting of that name. */
export function envFile(
  title: readonly string[],
  lines: readonly Line[],
  settings: readonly Setting[],
): string {
  const paragraphs = lines.map(({ name, value, fillIn, isOptional }) => {
    const setting = settings.find((one) => one.name === name);
    if (!setting) throw new RangeError(`Cannot write ${name}: no such setting is read`);
    return [
      `# ${setting.about}.`,
      ...(fillIn === undefined ? [] : [`# FILL IN: ${fillIn}`]),
      `${isOptional ? "# " : ""}${name}=${value}`,
    ].join("\n");
  });
  return [title.map((line) => `# ${line}`).join("\n"), ...paragraphs].join("\n\n").concat("\n");
}
