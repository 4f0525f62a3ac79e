import assert from "node:assert/strict";
import { boundedNames, boundsInDocument } from "testing/bounds.ts";
import { testDatabase } from "testing/database.ts";
import { prepareSchema } from "testing/schema.ts";
import { testOrigin } from "./testing.ts";

Deno.test("an origin shows how full everything is that the table of bounds names", async () => {
  await using database = await testDatabase({ prepare: prepareSchema });
  await using origin = await testOrigin(database);
  assert.deepEqual(
    boundedNames(await origin.metrics(), "origin"),
    await boundsInDocument("Origin"),
  );
});
