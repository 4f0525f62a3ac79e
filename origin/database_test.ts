import assert from "node:assert/strict";
import { asOrigin } from "testing/schema.ts";
import { storesOfThisFile } from "testing/stores.ts";
import { waitUntil } from "../scripts/services/wait_until.ts";
import { openDatabase } from "./database.ts";
import { inTransaction } from "./store/sql.ts";

const stores = storesOfThisFile();

Deno.test("a database that is too busy to tell whether it can be used is asked again", async () => {
  await using store = await stores.store();
  const waits: unknown[] = [];
  const told = () => waits.length > 0 || undefined;
  const { opening } = await inTransaction(store.sql, async (transaction) => {
    await transaction`lock table migrations`;
    const opening = openDatabase({
      url: asOrigin(store.url),
      name: "busy",
      maxConnections: 5,
      signal: new AbortController().signal,
      onWait: (error) => waits.push(error),
    });
    await waitUntil(async () => {
      await store.sql`
        select pg_cancel_backend(pid) from pg_stat_activity
        where application_name like 'busy%' and wait_event_type = 'Lock'`;
      return told();
    }, { what: "it to wait", withinMs: 20_000, everyMs: 20 });
    return { opening };
  });
  await using database = await opening;
  assert.equal((await database.commits`select 1`).length, 1);
  assert.match(`${waits[0]}`, /canceling statement/);
});
