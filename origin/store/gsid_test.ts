import assert from "node:assert/strict";
import fc from "fast-check";
import { GSID_STEP, shardOfGsid, timeOfGsid } from "shared/gsid.ts";
import type { MessageId, UserId } from "shared/ids.ts";
import { storesOfThisFile, type TestCommitter, type TestStore } from "testing/stores.ts";
import { message } from "../commit/command.ts";
import { readHead } from "./snapshot.ts";

const stores = storesOfThisFile();
const ana = "ana" as UserId;

async function gsidsOfBatch(committer: TestCommitter, size: number): Promise<number[]> {
  const outcomes = await Promise.all(Array.from({ length: size }, () => {
    const id = crypto.randomUUID() as unknown as MessageId;
    return committer.append(message(ana, { user: ana }, id, { value: {}, text: "{}" }));
  }));
  return outcomes.map((outcome) => "gsid" in outcome ? outcome.gsid : NaN);
}

async function put(store: TestStore, log: { shard: number; last: number }): Promise<void> {
  await store.sql`update log set shard = ${log.shard}, last = ${log.last}`;
}

Deno.test("two shards never issue the same gsid, whatever they issued before", async () => {
  await using one = await stores.store();
  await using other = await stores.store();
  const writers = [one.committer(), other.committer()] as const;
  const shards = fc.uniqueArray(fc.integer({ min: 0, max: 15 }), { minLength: 2, maxLength: 2 });
  const ahead = fc.integer({ min: 1, max: 1_000_000 });
  const all = new Map<number, number>();
  const run = fc.asyncProperty(
    shards,
    ahead,
    fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 }),
    async ([a, b], ahead, sizes) => {
      // Both start from the same place, and ahead of the clock, so that neither is told apart by time.
      const { head } = await readHead(one.sql);
      const start =
        Math.max(head, (await readHead(other.sql)).head, all.size ? Math.max(...all.keys()) : 0) +
        ahead;
      await put(one, { shard: a!, last: start });
      await put(other, { shard: b!, last: start });
      for (const size of sizes) {
        const issued = await Promise.all(writers.map((writer) => gsidsOfBatch(writer, size)));
        issued.forEach((gsids, n) => {
          for (const gsid of gsids) {
            assert.equal(shardOfGsid(gsid), n === 0 ? a : b);
            assert.ok(gsid > start && !all.has(gsid));
            all.set(gsid, n);
          }
        });
      }
    },
  );
  await fc.assert(run, { numRuns: 20 });
});

Deno.test("a gsid carries its time, and goes on from the last when the clock stands or runs back", async () => {
  await using store = await stores.store();
  const committer = store.committer();
  const [first] = await gsidsOfBatch(committer, 1);
  assert.ok(Math.abs(timeOfGsid(first!) - Date.now()) < 2_000);
  const inAnHour = first! + 3_600_000 * 4096;
  await put(store, { shard: 0, last: inAnHour });
  assert.deepEqual(
    await gsidsOfBatch(committer, 3),
    [1, 2, 3].map((n) => inAnHour + n * GSID_STEP),
  );
});

Deno.test("after a restore and begin_epoch() the head is above all that was lost, in another epoch", async () => {
  await using store = await stores.store();
  const committer = store.committer();
  const backup = await readHead(store.sql);
  const lost = Math.max(...await gsidsOfBatch(committer, 5));
  await store.sql`truncate events, inbox, sent, members`;
  await store.sql`delete from conversations where kind = 'direct'`;
  await put(store, { shard: 0, last: backup.head });
  await store.sql`select begin_epoch()`;
  const { epoch, head } = await readHead(store.sql);
  assert.notEqual(epoch, backup.epoch);
  assert.ok(head > lost);
  assert.ok((await gsidsOfBatch(committer, 1))[0]! > head);
});
