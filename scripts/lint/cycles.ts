/**
 * Which modules import themselves by way of others.
 *
 * Invariant: an import of types alone counts as well: whoever is to understand the one module has to
 * read the other, and what both need has no place of its own. Of modules that are in a cycle each is
 * in one that is told. Pure.
 *
 * @module
 */

import { fileOf } from "./tree.ts";

/** As the formatter has them: at the beginning of a line, but for those that are calls. */
const IMPORTS =
  /^(?:import|export)\b[^"'();=]*?\bfrom "([^"]+)"|^import "([^"]+)"|\bimport\(\s*"([^"]+)"/gm;

/** The files of the project that a module imports, whether at once, later, or for types alone. */
export function importsOf(path: string, source: string): string[] {
  return [...source.matchAll(IMPORTS)].flatMap(([, from, effect, later]) =>
    fileOf(path, (from ?? effect ?? later)!) ?? []
  );
}

type Imports = ReadonlyMap<string, readonly string[]>;

/** Each once and in words, such as `a.ts imports b.ts imports a.ts`. */
export function cyclesOf(imports: Imports): string[] {
  const left = withoutEnds(imports);
  const found = [...left.keys()].flatMap((module) => {
    const cycle = shortestCycle(module, left);
    return cycle ? [inWords(cycle)] : [];
  });
  return [...new Set(found)].sort();
}

/** Takes away what imports nothing that is left: it is in no cycle. Mostly that is everything. */
function withoutEnds(imports: Imports): Imports {
  const left = new Map(imports);
  for (let before = Infinity; left.size < before;) {
    before = left.size;
    for (const [module, others] of left) {
      if (!others.some((other) => left.has(other))) left.delete(module);
    }
  }
  return left;
}

/** `undefined`: it only leads to one. */
function shortestCycle(module: string, imports: Imports): string[] | undefined {
  const ways = [[module]];
  const seen = new Set<string>();
  for (const way of ways) {
    for (const next of imports.get(way.at(-1)!) ?? []) {
      if (next === module) return way;
      if (!seen.has(next)) ways.push([...way, next]);
      seen.add(next);
    }
  }
}

/** The same words from whichever of its modules it was found. */
function inWords(cycle: readonly string[]): string {
  const first = cycle.indexOf(cycle.toSorted()[0]!);
  return [...cycle.slice(first), ...cycle.slice(0, first + 1)].join(" imports ");
}
