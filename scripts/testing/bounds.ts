/**
 * The table of bounds, and what a program shows of them.
 *
 * @module
 */

const DOCUMENT = new URL("../../.github/BOUNDS.md", import.meta.url);
const ROOT = new URL("../../", import.meta.url);

/** What of a program's metrics is bounded; all have a size that is no more than their limit. */
export function boundedNames(metrics: string, program: "edge" | "origin"): string[] {
  const values = (name: string) =>
    new Map(
      [...metrics.matchAll(new RegExp(`^fanfare_${program}_${name}{what="(\\w+)",.*} (.+)$`, "gm"))]
        .map(([, what, value]) => [what!, Number(value)]),
    );
  const sizes = values("bounded_size"), limits = values("bounded_limit");
  for (const [what, limit] of limits) {
    if (!(sizes.get(what)! <= limit)) throw new Error(`${what} is ${sizes.get(what)} of ${limit}`);
  }
  return [...sizes.keys()].toSorted();
}

/** The names in the first table of a section. */
export async function boundsInDocument(section: string): Promise<string[]> {
  const text = await Deno.readTextFile(DOCUMENT);
  const from = text.indexOf(`\n## ${section}\n`);
  const [table] = text.slice(from + section.length + 5).trim().split("\n\n");
  return [...table!.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name!).toSorted();
}

/** The paths of the tests that the document names. */
export async function testsInDocument(): Promise<URL[]> {
  const text = await Deno.readTextFile(DOCUMENT);
  return [...text.matchAll(/`([\w/]+_test\.ts)`/g)].map(([, path]) => new URL(path!, ROOT));
}
