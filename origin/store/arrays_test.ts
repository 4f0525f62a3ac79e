import assert from "node:assert/strict";
import fc from "fast-check";
import { storesOfThisFile } from "testing/stores.ts";
import { decodeArray, encodeArray } from "./arrays.ts";

const stores = storesOfThisFile();
const AWKWARD = ["", "NULL", "null", "{}", ",", '"', "\\", 'a "b" \\c', "\n", "ü 🎉", " ", "}{"];

Deno.test("encodeArray() and decodeArray() are understood by Postgres, and understand it", async () => {
  await using db = await stores.store();
  const item = fc.oneof(
    fc.constantFrom(...AWKWARD),
    fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", "")),
    fc.constant(null),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(item), async (items) => {
      assert.deepEqual(decodeArray(encodeArray(items), String), items);
      const [row] = await db.sql`
        select ${items}::text[] as items, to_json(${items}::text[]) as seen`;
      assert.deepEqual([row!["items"], row!["seen"]], [items, items]);
    }),
    { numRuns: 200, examples: [[AWKWARD], [[]]] },
  );
});

Deno.test("arrays of gsids keep their 53 bits", async () => {
  await using db = await stores.store();
  const gsids = [0, 16, Number.MAX_SAFE_INTEGER];
  const [row] = await db.sql`
    select ${gsids}::bigint[] as gsids where ${gsids[2]!}::bigint = any(${gsids}::bigint[])`;
  assert.deepEqual(row!["gsids"], gsids);
});
