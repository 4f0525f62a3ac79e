/**
 * What a host and its replicas are told of the machine that they run on.
 *
 * Invariant: none of it is a secret or a setting: those come from a release alone. Pure.
 *
 * @module
 */

const NAMES = new Set([
  ...["PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "DENO_DIR", "LD_LIBRARY_PATH", "NO_COLOR"],
]);

export function isOfMachine(name: string): boolean {
  return NAMES.has(name);
}

export function ofMachine(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => isOfMachine(name)));
}
