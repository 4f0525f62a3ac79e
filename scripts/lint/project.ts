/**
 * The files of the project, as they lie in a working copy.
 *
 * Invariant: paths are relative to the project's root, with `/`. What tools leave there, such as
 * packages, is no file of the project. Knows nothing of the rules that files keep.
 *
 * @module
 */

import { join, relative } from "node:path";

export const ROOT = join(import.meta.dirname!, "../..");

/** What is on a working copy and not in the project. */
export const NOT_OURS: ReadonlySet<string> = new Set([".git", ".cache", "node_modules"]);

export function* filesOfProject(folder = ROOT): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    if (NOT_OURS.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* filesOfProject(path);
    else yield relative(ROOT, path).replaceAll("\\", "/");
  }
}

export function readFile(path: string): string {
  return Deno.readTextFileSync(join(ROOT, path));
}
