import assert from "node:assert/strict";
import { ANNOUNCE, decodeMessage, type Digest } from "shared/bus/requests.ts";
import { storesOfThisFile, type TestStore } from "testing/stores.ts";
import { TestBeats, TestBus } from "./testing/bus.ts";
import { DIGEST_INTERVAL_MS, SILENCE_MS } from "./digest.ts";
import { Digests } from "./digest_shell.ts";
import { MAX_DIGEST_EVENTS } from "./read_digest.ts";
import { seedConversation, team } from "./testing/seed.ts";
import { within } from "./testing/within.ts";

const stores = storesOfThisFile();

/** An origin that makes digests on a clock and a bus of the test's. */
function digests({ sql }: TestStore, bus: TestBus, clock: { ms: number }) {
  const beats = new TestBeats();
  const failures: unknown[] = [];
  let arrived = Promise.withResolvers<void>();
  const maker = new Digests({
    sql,
    bus,
    nowMs: () => clock.ms,
    jitterMs: () => 10,
    every: beats.every,
    events: {
      made: () => arrived.resolve(),
      failed: (error) => {
        failures.push(error);
        arrived.resolve();
      },
    },
  });
  return {
    failures,
    beat: () => beats.beat(),
    /** Beats, and waits for the digest or the failure that comes of it. */
    async make() {
      arrived = Promise.withResolvers();
      beats.beat();
      await within(arrived.promise);
    },
    [Symbol.asyncDispose]: () => maker[Symbol.asyncDispose](),
  };
}

const heard = (bus: TestBus) =>
  bus.published.map(({ subject, data }) => {
    assert.equal(subject, ANNOUNCE.digest);
    const { after, upto, topics } = decodeMessage<Digest>(data);
    return [after, upto, topics.length];
  });

async function append({ sql }: TestStore, from: number, count: number): Promise<void> {
  await sql`
    insert into events (gsid, type, conversation, prev, fields, inboxes)
    select ${from}::bigint + n * 16, 'message', ${team}, 0, '{}', '{}'
    from generate_series(1, ${count}::int) n`;
  await sql`update log set last = ${from + count * 16}`;
}

Deno.test("Digests come every 2 s, joined on, also when nothing was committed", async () => {
  await using db = await stores.store();
  await seedConversation(db.sql, team, []);
  await append(db, 0, 10);
  const bus = new TestBus(), clock = { ms: 0 };
  await using maker = digests(db, bus, clock);
  maker.beat();
  clock.ms += SILENCE_MS + 10;
  await maker.make();
  clock.ms += DIGEST_INTERVAL_MS;
  await maker.make();
  await append(db, 160, 5);
  clock.ms += DIGEST_INTERVAL_MS;
  await maker.make();
  assert.deepEqual(heard(bus), [[160, 160, 0], [160, 160, 0], [160, 240, 1]]);
});

Deno.test("Digests of a flood follow one another at once", async () => {
  await using db = await stores.store();
  await seedConversation(db.sql, team, []);
  const bus = new TestBus(), clock = { ms: SILENCE_MS };
  const all = Promise.withResolvers<void>();
  bus.subscribe(ANNOUNCE.digest, () => bus.published.length === 4 && all.resolve());
  {
    await using maker = digests(db, bus, clock);
    clock.ms += SILENCE_MS + 10;
    await maker.make();
    await append(db, 0, 2 * MAX_DIGEST_EVENTS + 3);
    clock.ms += DIGEST_INTERVAL_MS;
    maker.beat();
    await within(all.promise);
  }
  const cut = MAX_DIGEST_EVENTS * 16;
  assert.deepEqual(heard(bus), [
    [0, 0, 0],
    [0, cut, 1],
    [cut, 2 * cut, 1],
    [2 * cut, 2 * cut + 48, 1],
  ]);
});

Deno.test("Digests go on in another origin when the first is gone, and leave no hole", async () => {
  await using db = await stores.store();
  await seedConversation(db.sql, team, []);
  const bus = new TestBus(), clock = { ms: 0 };
  await using second = digests(db, bus, clock);
  {
    await using first = digests(db, bus, clock);
    clock.ms += SILENCE_MS + 10;
    await first.make();
    second.beat();
    assert.equal(bus.published.length, 1, "the second heard the first");
  }
  await append(db, 0, 3);
  clock.ms += SILENCE_MS + 10;
  await second.make();
  assert.deepEqual(heard(bus), [[0, 0, 0], [0, 48, 1]]);
});

Deno.test("Digests rest while the bus is away, and outlive a failing database", async () => {
  await using db = await stores.store();
  const bus = new TestBus(), clock = { ms: 0 };
  await using maker = digests(db, bus, clock);
  bus.status = "disconnected";
  clock.ms += SILENCE_MS + 10;
  maker.beat();
  bus.status = "connected";
  await db.sql`alter table log rename to away`;
  await maker.make();
  assert.match(`${maker.failures}`, /relation "log" does not exist/);
  await db.sql`alter table away rename to log`;
  clock.ms += SILENCE_MS + 10;
  await maker.make();
  assert.deepEqual(heard(bus), [[0, 0, 0]]);
});

Deno.test("Digests ignore what is no digest", async () => {
  await using db = await stores.store();
  const bus = new TestBus();
  await using maker = digests(db, bus, { ms: 0 });
  bus.publish(ANNOUNCE.digest, new TextEncoder().encode("{"));
  assert.match(`${maker.failures}`, /Cannot read a bus message/);
});
