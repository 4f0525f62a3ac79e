import assert from "node:assert/strict";
import { storesOfThisFile } from "testing/stores.ts";
import type { Sql } from "../store/sql.ts";
import { race } from "./testing/race.ts";

const stores = storesOfThisFile();

Deno.test("GSID order is visibility order, prev a chain and membership exact, in 10,000 raced rows", async () => {
  await using store = await stores.store();
  const violations = await race(store, { rows: 10_000 });
  assert.deepEqual(violations, { late: 0, broken: 0, strangers: 0, failed: 0 });
  const [{ rows }] = await store.sql<[{ rows: number }]>`select count(*)::int as rows from events`;
  assert.ok(rows >= 9_000, `only ${rows} rows`);
});

Deno.test("the race is lost without the lock", async () => {
  await using store = await stores.store();
  await rewrite(store.sql, "lock_log", (source) => replaced(source, /perform pg_advisory.*;/, ""));
  const violations = await race(store, { rows: 10_000, untilViolated: true });
  assert.ok(violations.late + violations.broken > 0, JSON.stringify(violations));
});

Deno.test("the race is lost when the lock is taken in the statement that reads", async () => {
  await using store = await stores.store();
  await rewrite(store.sql, "append_messages", (source) => {
    const single = replaced(source, /perform lock_log\(\);\s*first_gsid := next_gsid\(\);/, "");
    const locking = replaced(
      single,
      "with item as (",
      `
      with locked as materialized (select lock_log()),
      numbered as materialized (select next_gsid() as first_gsid from locked),
      item as (`,
    );
    const reading = replaced(
      locking,
      "first_gsid + 16 * (i.n - 1)",
      "numbered.first_gsid + 16 * (i.n - 1)",
    );
    const crossed = replaced(reading, "from unnest(", "from numbered cross join unnest(");
    return replaced(
      crossed,
      /update log set last = .*;/,
      "update log set last = greatest(last, (select max(e.gsid) from events e));",
    );
  });
  const violations = await race(store, { rows: 10_000, untilViolated: true });
  assert.ok(violations.late + violations.broken > 0, JSON.stringify(violations));
});

async function rewrite(sql: Sql, name: string, edit: (source: string) => string): Promise<void> {
  const [row] = await sql<[{ source: string }]>`
    select pg_get_functiondef(oid) as source from pg_proc where proname = ${name}`;
  await sql.unsafe(edit(row.source));
}

function replaced(source: string, what: string | RegExp, by: string): string {
  const edited = source.replace(what, by);
  assert.notEqual(edited, source, `the function no longer holds ${what}`);
  return edited;
}
