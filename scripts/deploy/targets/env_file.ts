/**
 * Settings as systemd's `EnvironmentFile=` takes them, and back.
 *
 * Invariant: whatever a value holds, lines and quotes too, systemd and a POSIX shell read that very
 * value. Always between double quotes: systemd joins no two quoted pieces, as a shell does. Pure.
 *
 * @module
 */

import type { Environment } from "shared/config/read.ts";

const SPECIAL = /["\\$`]/g;
const NAME = /^[A-Z_][A-Z0-9_]*$/;

/** @throws {TypeError} When a name is none. */
export function envFile(settings: Environment): string {
  return Object.entries(settings)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      if (!NAME.test(name)) throw new TypeError(`Cannot write settings: "${name}" is no name`);
      return `${name}="${value!.replaceAll(SPECIAL, "\\$&")}"\n`;
    })
    .join("");
}

/** What `envFile` wrote. */
export function parseEnvFile(text: string): Record<string, string> {
  const lines = text.matchAll(/^([A-Z_][A-Z0-9_]*)="((?:[^"\\]|\\.)*)"$/gms);
  return Object.fromEntries(
    [...lines].map(([, name, value]) => [name, value!.replaceAll(/\\(["\\$`])/g, "$1")]),
  );
}
