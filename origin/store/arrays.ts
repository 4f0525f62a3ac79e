/**
 * Arrays of Postgres as text: `{a,"b c",NULL}`.
 *
 * Invariant: what is encoded reads back as it was, whatever it holds. The driver has this too, but
 * asks each server that it connects to for the types first, and an origin whose session the server
 * ends just then dies of an exception that nobody can catch.
 *
 * @module
 */

type Item = string | number | null;

export function encodeArray(items: readonly Item[]): string {
  return `{${items.map(encodeItem).join(",")}}`;
}

/** Of one dimension; items are as `parse` makes them. */
export function decodeArray<Parsed>(
  text: string,
  parse: (item: string) => Parsed,
): (Parsed | null)[] {
  const items: (Parsed | null)[] = [];
  for (const [, quoted, bare] of text.matchAll(ITEM)) {
    if (bare !== undefined) items.push(bare === "NULL" ? null : parse(bare));
    else items.push(parse(quoted!.replace(/\\(.)/gs, "$1")));
  }
  return items;
}

const ITEM = /[{,](?:"((?:[^"\\]|\\.)*)"|([^{},"]+))/gs;

function encodeItem(item: Item): string {
  if (item === null) return "NULL";
  return `"${String(item).replace(/["\\]/g, "\\$&")}"`;
}
