import assert from "node:assert/strict";
import fc from "fast-check";
import { topicsOf } from "shared/event.ts";
import type { Gsid } from "shared/gsid.ts";
import { groupConversation, type GroupId, SYSTEM_CONVERSATION } from "shared/ids.ts";
import { storesOfThisFile } from "testing/stores.ts";
import { answerDigest, readDigest } from "./read_digest.ts";
import {
  direct,
  seedConversation,
  type SeedEvent,
  seedEvents,
  team,
  user,
} from "./testing/seed.ts";

const stores = storesOfThisFile();
const BIG = 2 ** 52;
const MAX_BYTES = 256 * 1024;

/** The digest as `topicsOf` would have it: the rule that fan-out and catch-up follow. */
function expectedTopics(events: SeedEvent[]) {
  const sums = new Map<string, [count: number, xor: bigint]>();
  for (const { gsid, conversation, inboxes } of events) {
    for (const topic of topicsOf({ conversation, inboxes: (inboxes ?? []).map(user) })) {
      const [count, xor] = sums.get(topic) ?? [0, 0n];
      sums.set(topic, [count + 1, xor ^ BigInt(gsid)]);
    }
  }
  return [...sums].map(([topic, [count, xor]]) => [topic, count, Number(xor)]).sort();
}

Deno.test("readDigest() sums each topic just as topicsOf() spreads the events", async () => {
  await using db = await stores.store();
  const other = groupConversation("Böse group: 'x' \"%\"" as GroupId);
  const anaBo = direct("ana", "bo d'or 🎉");
  for (const each of [team, other, anaBo]) await seedConversation(db.sql, each, []);
  const kinds: Omit<SeedEvent, "gsid">[] = [
    { conversation: team },
    { conversation: other },
    { conversation: SYSTEM_CONVERSATION, type: "alert" },
    { conversation: anaBo, inboxes: ["ana", "bo d'or 🎉"] },
    { conversation: direct("ana", "ana"), inboxes: ["ana"] },
    { conversation: team, type: "group.joined", inboxes: ["cy", "ana"] },
  ];
  const steps = fc.array(
    fc.record({ kind: fc.nat(kinds.length - 1), by: fc.integer({ min: 16, max: 2 ** 34 }) }),
    { minLength: 20, maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(40), async (steps, from) => {
      await db.sql`truncate events`;
      let gsid = BIG;
      const events = steps.map(({ kind, by }): SeedEvent => ({
        ...kinds[kind]!,
        gsid: gsid += by,
      }));
      await seedEvents(db.sql, events);
      const after = events[from % events.length]!.gsid;
      const within = events.filter((event) => event.gsid > after);
      const { digest, events: count } = await readDigest(db.sql, after);
      assert.deepEqual([digest.after, digest.upto, digest.more], [after, gsid, undefined]);
      assert.deepEqual([...digest.topics].sort(), expectedTopics(within));
      assert.equal(count, within.length);
    }),
    { numRuns: 10 },
  );
});

Deno.test("answerDigest() names the head alone when it is asked for nothing more", async () => {
  await using db = await stores.store();
  assert.deepEqual(bounds(await answerDigest(db.sql, { v: 1 })), [0, 0]);
  await seedConversation(db.sql, team, []);
  await seedEvents(db.sql, [{ gsid: BIG, conversation: team }]);
  const head = await answerDigest(db.sql, { v: 1 });
  assert.deepEqual([...bounds(head), head.topics], [BIG, BIG, []]);
  assert.match(head.epoch, /^[0-9a-f]{32}$/);
  const { topics } = await answerDigest(db.sql, { v: 1, after: 0 });
  assert.deepEqual(topics, [["group-chat-team", 1, BIG]]);
});

Deno.test("readDigest() never ends before it begins, whatever it is asked", async () => {
  await using db = await stores.store();
  const { digest } = await readDigest(db.sql, BIG);
  assert.deepEqual([...bounds(digest), digest.topics], [0, 0, []]);
});

Deno.test("readDigest() cuts a long interval into digests that join on to one another", async () => {
  await using db = await stores.store();
  await seedConversation(db.sql, team, []);
  const events = Array.from({ length: 7 }, (_, i) => ({ gsid: (i + 1) * 16, conversation: team }));
  await seedEvents(db.sql, events);
  const read: (Gsid | boolean | undefined)[][] = [];
  for (let after = 0, more: true | undefined = true; more;) {
    const { digest } = await readDigest(db.sql, after, 3);
    read.push([...bounds(digest), digest.topics[0]?.[1], digest.more]);
    ({ upto: after, more } = digest);
  }
  assert.deepEqual(read, [[0, 48, 3, true], [48, 96, 3, true], [96, 112, 1, undefined]]);
  assert.equal((await readDigest(db.sql, 0, 7)).digest.more, undefined, "the head is reached");
});

Deno.test("readDigest() stays within a message when events concern very many inboxes", async () => {
  await using db = await stores.store();
  await seedConversation(db.sql, team, []);
  await db.sql`
    insert into events (gsid, type, conversation, prev, fields, inboxes)
    select n * 16, 'group.joined', ${team}, 0, '{}',
      (select array_agg(repeat('é', 50) || n || '-' || m) from generate_series(1, 100) m)
    from generate_series(1, 150) n`;
  await db.sql`update log set last = 2400`;
  let after = 0;
  for (let rounds = 0; after < 2400; rounds++) {
    const { digest, bytes } = await readDigest(db.sql, after, 8_000, MAX_BYTES);
    assert.ok(bytes.length <= MAX_BYTES);
    assert.ok(digest.upto > after && rounds < 20);
    after = digest.upto;
  }
});

Deno.test("readDigest() cuts where there are many revocations, and leaves none and no event out", async () => {
  await using db = await stores.store();
  await seedConversation(db.sql, team, []);
  const places = Array.from({ length: 12 }, (_, i) => (i + 1) * 16);
  // By turns: two are revoked after each event.
  const isEvent = (gsid: Gsid) => gsid / 16 % 3 === 1;
  await seedEvents(
    db.sql,
    places.filter(isEvent).map((gsid) => ({ gsid, conversation: team })),
  );
  const others = places.filter((gsid) => !isEvent(gsid));
  await db.sql`
    insert into revocations (user_id, device, before_ms, gsid)
    select 'user ' || gsid, '', gsid, gsid from unnest(${others}::bigint[]) as gsid`;
  await db.sql`update log set last = ${places.at(-1)!}`;
  for (const limit of [1, 2, 3, 5, 100]) {
    const read: Gsid[] = [];
    let events = 0;
    for (let after = 0, more: true | undefined = true; more;) {
      const { digest } = await readDigest(db.sql, after, limit);
      assert.ok(digest.upto > after && (digest.revoked ?? []).length <= limit);
      for (const [user, before] of digest.revoked ?? []) {
        assert.equal(user, `user ${before}`);
        assert.ok(before > after && before <= digest.upto);
        read.push(before);
      }
      const within = places.filter((gsid) => gsid > after && gsid <= digest.upto);
      const count = digest.topics[0]?.[1] ?? 0;
      assert.equal(count, within.filter(isEvent).length);
      events += count;
      ({ upto: after, more } = digest);
    }
    assert.deepEqual([read, events], [others, places.filter(isEvent).length], `limit ${limit}`);
  }
});

function bounds({ after, upto }: { after: Gsid; upto: Gsid }): Gsid[] {
  return [after, upto];
}
