import assert from "node:assert/strict";
import { Refused } from "shared/admission.ts";
import type { DeviceId, UserId } from "shared/ids.ts";
import { storesOfThisFile, type TestStore } from "testing/stores.ts";
import { answerDigest } from "../audit/read_digest.ts";
import { readHead } from "../store/snapshot.ts";
import { enter } from "./enter.ts";
import { revoke } from "./revoke.ts";

const stores = storesOfThisFile();
const ana = "ana" as UserId, ben = "ben" as UserId;
const phone = "phone" as DeviceId, tablet = "tablet" as DeviceId;
const NOW_S = 1_800_000_000;
const LIMITS = { largeGroup: 1_000 };

const revoking = ({ sql }: TestStore) => (user: UserId, before?: number, device?: DeviceId) =>
  revoke(
    sql,
    { user, ...(before !== undefined && { before }), ...(device !== undefined && { device }) },
    NOW_S * 1000,
  );
/** Which tokens of a connect are refused. */
const revokedOf = async ({ sql }: TestStore, user: UserId, device: DeviceId) =>
  (await enter(sql, { user, device, issued: 1 }, LIMITS)).revoked;

Deno.test("revoke() refuses what was issued before a moment, of that user, on every device", async () => {
  await using db = await stores.store();
  assert.deepEqual(await revoking(db)(ana, NOW_S), { result: { before: NOW_S } });
  assert.equal(await revokedOf(db, ana, phone), NOW_S * 1000);
  assert.equal(await revokedOf(db, ana, tablet), NOW_S * 1000);
  assert.equal(await revokedOf(db, ben, phone), undefined);
});

Deno.test("revoke() of a device leaves the others alone, and never takes back what holds of all", async () => {
  await using db = await stores.store();
  const of = revoking(db);
  assert.deepEqual(await of(ana, NOW_S, phone), { result: { before: NOW_S } });
  assert.equal(await revokedOf(db, ana, tablet), undefined);
  assert.deepEqual(await of(ana, NOW_S - 5), { result: { before: NOW_S - 5 } });
  assert.equal(await revokedOf(db, ana, phone), NOW_S * 1000);
  assert.equal(await revokedOf(db, ana, tablet), (NOW_S - 5) * 1000);
  assert.deepEqual(await of(ana, NOW_S - 9, tablet), { result: { before: NOW_S - 5 } });
});

Deno.test("revoke() never goes back, and is now when it is told no moment", async () => {
  await using db = await stores.store();
  await revoking(db)(ana, NOW_S + 1.234);
  assert.deepEqual(await revoking(db)(ana, NOW_S), { result: { before: NOW_S + 1.234 } });
  const before = Date.now();
  const answer = await revoking(db)(ben);
  assert.ok("result" in answer);
  const moment = Math.round(answer.result.before * 1000);
  assert.ok(moment >= before - 1_000 && moment <= Date.now() + 1_000);
  assert.equal(await revokedOf(db, ben, phone), moment);
});

Deno.test("revoke() says what is wrong with a moment that is no time in seconds, or is yet to come", async () => {
  await using db = await stores.store();
  for (const before of [NOW_S + 61, NOW_S * 1000]) {
    const answer = await revoking(db)(ana, before);
    assert.ok("error" in answer && answer.error.code === 107);
    assert.match(answer.error.message, /^before must not be in the future; it is in seconds$/);
  }
  assert.equal(await revokedOf(db, ana, phone), undefined);
  assert.ok("result" in await revoking(db)(ana, NOW_S + 60), "clocks differ");
});

Deno.test("enter() lets nobody in whose tokens were revoked by an edge that cannot tell which", async () => {
  await using db = await stores.store();
  assert.deepEqual((await enter(db.sql, { user: ana }, LIMITS)).groups, []);
  await revoking(db)(ana, NOW_S, tablet);
  await assert.rejects(enter(db.sql, { user: ana }, LIMITS), Refused);
  assert.deepEqual((await enter(db.sql, { user: ben }, LIMITS)).groups, []);
});

Deno.test("a revocation has a place in the order of events, and is in the digest that covers it", async () => {
  await using db = await stores.store();
  const of = revoking(db);
  const digest = async (after: number) => {
    const { upto, topics, revoked } = await answerDigest(db.sql, { v: 1, after });
    assert.deepEqual([upto, topics], [(await readHead(db.sql)).head, []]);
    return revoked;
  };
  assert.equal(await digest(0), undefined);
  await of(ana, NOW_S - 3, phone);
  const { head: first } = await readHead(db.sql);
  assert.ok(first > 0);
  await of(ben, NOW_S - 2);
  const { head: second } = await readHead(db.sql);
  assert.ok(second > first);
  const anas = [ana, (NOW_S - 3) * 1000, phone], bens = [ben, (NOW_S - 2) * 1000];
  assert.deepEqual(await digest(0), [anas, bens]);
  assert.deepEqual(await digest(first), [bens]);
  assert.equal(await digest(second), undefined);
  // What changes nothing moves nothing; what is revoked again is told again, to who knew the first.
  await of(ana, NOW_S - 4, phone);
  assert.equal((await readHead(db.sql)).head, second);
  await of(ana, NOW_S - 1, phone);
  const again = [ana, (NOW_S - 1) * 1000, phone];
  assert.deepEqual([await digest(second), await digest(0)], [[again], [bens, again]]);
});

Deno.test("one row is kept for a user or a device, and none of a device that all of them covers", async () => {
  await using db = await stores.store();
  const of = revoking(db);
  for (const device of [phone, tablet]) for (const s of [9, 8, 7]) await of(ana, NOW_S - s, device);
  const count = async () => (await db.sql`select from revocations`).length;
  assert.equal(await count(), 2);
  await of(ana, NOW_S - 8);
  assert.equal(await count(), 3, "they hold for longer");
  await of(ana, NOW_S - 7);
  assert.equal(await count(), 1);
  assert.equal(await revokedOf(db, ana, phone), (NOW_S - 7) * 1000);
});
