import assert from "node:assert/strict";
import type { BusMessage, BusStatus } from "shared/bus/bus.ts";
import { ANNOUNCE, decodeMessage, type Ended, type Received } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import { MAX_POSITIONS } from "./positions.ts";
import { MAX_ENDED, Reporter } from "./reporter.ts";

const ana = "ana" as UserId, bob = "bob" as UserId;

/** Of a device that has received everything so far. */
const upto = (gsid: Gsid) => ({ after: 0, upto: gsid });

function scene() {
  const published: [subject: string, users: unknown][] = [];
  const clock = { nowMs: 1000 }, connected = new Set<UserId>();
  let ask: ((message: BusMessage) => void) | undefined;
  let tell: (status: BusStatus) => void = () => {};
  const bus = { status: "connected" as BusStatus };
  const reporter = new Reporter({
    bus: {
      get status() {
        return bus.status;
      },
      onStatus: (handle) => tell = handle,
      publish(subject, data) {
        const { replica, users } = decodeMessage<Received | Ended>(data);
        assert.equal(replica, "e1");
        published.push([subject, users]);
      },
      subscribe(subject, handle) {
        assert.equal(subject, ANNOUNCE.askReceived);
        ask = handle;
        return { unsubscribe: () => ask = undefined };
      },
    },
    replica: "e1",
    now: () => clock.nowMs,
    isConnected: (user) => connected.has(user),
  });
  const answers = () => {
    const users: Received["users"] = [];
    const respond = (data: Uint8Array) => users.push(...decodeMessage<Received>(data).users);
    ask!({ subject: ANNOUNCE.askReceived, data: new Uint8Array(), respond });
    return users;
  };
  const become = (status: BusStatus) => {
    bus.status = status;
    tell(status);
  };
  return { reporter, published, clock, connected, answers, become };
}

Deno.test("tick() tells what rose and who ended, once, and nothing when nothing did", () => {
  const { reporter, published } = scene();
  reporter.received(ana, upto(16));
  reporter.received(ana, upto(32));
  reporter.received(bob, upto(16));
  reporter.ended(bob);
  reporter.ended(bob);
  reporter.tick();
  assert.deepEqual(published, [
    [ANNOUNCE.received, [[ana, 32, 0], [bob, 16, 0]]],
    [ANNOUNCE.ended, [bob]],
  ]);
  reporter.tick();
  assert.equal(published.length, 2);
});

Deno.test("what a device received that began at the head does not count for what came before", () => {
  const { reporter, published, answers } = scene();
  reporter.start();
  reporter.received(ana, upto(16));
  reporter.received(ana, { after: 48, upto: 64 });
  reporter.tick();
  assert.deepEqual(published.at(-1), [ANNOUNCE.received, [[ana, 16, 0], [ana, 64, 48]]]);
  assert.deepEqual(answers(), [[ana, 16, 0], [ana, 64, 48]]);
  reporter.received(ana, upto(48));
  reporter.tick();
  assert.deepEqual(published.at(-1), [ANNOUNCE.received, [[ana, 64, 0]]]);
});

Deno.test("an origin that asks hears the last word of those who left, for a minute", () => {
  const { reporter, clock, connected, answers } = scene();
  reporter.start();
  connected.add(bob);
  reporter.received(ana, upto(16));
  reporter.received(bob, upto(32));
  reporter.tick();
  clock.nowMs += 59_000;
  reporter.tick();
  assert.deepEqual(answers(), [[ana, 16, 0], [bob, 32, 0]]);
  clock.nowMs += 2000;
  reporter.tick();
  assert.deepEqual(answers(), [[bob, 32, 0]]);
});

Deno.test("many users fill several messages, each small enough for the bus", () => {
  const { reporter, published } = scene();
  for (let i = 0; i < 2500; i++) reporter.received(`${i}` as UserId, upto(16));
  reporter.stop();
  assert.deepEqual(published.map(([, users]) => (users as unknown[]).length), [1000, 1000, 500]);
});

Deno.test("what comes while the bus is away is told when it is back, and what was told just before", () => {
  const { reporter, published, become } = scene();
  reporter.start();
  reporter.received(ana, upto(16));
  reporter.tick();
  become("disconnected");
  reporter.received(bob, upto(32));
  reporter.ended(bob);
  reporter.tick();
  assert.equal(published.length, 1);
  become("connected");
  reporter.tick();
  assert.deepEqual(published.slice(1), [
    [ANNOUNCE.received, [[ana, 16, 0], [bob, 32, 0]]],
    [ANNOUNCE.ended, [bob]],
  ]);
});

Deno.test("the word of a user who left is kept from the end, however old it was then", () => {
  const { reporter, clock, connected, answers } = scene();
  reporter.start();
  connected.add(ana);
  reporter.received(ana, upto(16));
  clock.nowMs += 600_000;
  reporter.tick();
  connected.delete(ana);
  reporter.ended(ana);
  clock.nowMs += 59_000;
  reporter.tick();
  assert.deepEqual(answers(), [[ana, 16, 0]]);
});

Deno.test("the end of one of several connections of a user is not told", () => {
  const { reporter, published, connected } = scene();
  connected.add(ana);
  reporter.ended(ana);
  reporter.tick();
  assert.deepEqual(published, []);
});

Deno.test("what is kept of users is bounded: of too many, those heard first are forgotten", () => {
  const { reporter, answers } = scene();
  reporter.start();
  for (let i = 0; i <= MAX_POSITIONS; i++) reporter.received(`${i}` as UserId, upto(16));
  for (let i = 0; i <= MAX_ENDED; i++) reporter.ended(`${i}` as UserId);
  assert.deepEqual(reporter.kept, { positions: MAX_POSITIONS, ended: MAX_ENDED });
  const users = answers();
  assert.deepEqual([users[0], users.length], [["1", 16, 0], MAX_POSITIONS]);
  reporter.tick();
  assert.equal(reporter.kept.ended, 0);
});
