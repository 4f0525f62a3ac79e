import assert from "node:assert/strict";
import type { BusMessage } from "shared/bus/bus.ts";
import { ANNOUNCE, decodeMessage, type Ended, type Received } from "shared/bus/requests.ts";
import type { UserId } from "shared/ids.ts";
import { Reporter } from "./reporter.ts";

const ana = "ana" as UserId, bob = "bob" as UserId;

function scene() {
  const published: [subject: string, users: unknown][] = [];
  const clock = { nowMs: 1000 }, connected = new Set<UserId>();
  let ask: ((message: BusMessage) => void) | undefined;
  const reporter = new Reporter({
    bus: {
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
  return { reporter, published, clock, connected, answers };
}

Deno.test("tick() tells what rose and who ended, once, and nothing when nothing did", () => {
  const { reporter, published } = scene();
  reporter.received(ana, 16);
  reporter.received(ana, 32);
  reporter.received(bob, 16);
  reporter.ended(bob);
  reporter.ended(bob);
  reporter.tick();
  assert.deepEqual(published, [
    [ANNOUNCE.received, [[ana, 32], [bob, 16]]],
    [ANNOUNCE.ended, [bob]],
  ]);
  reporter.tick();
  assert.equal(published.length, 2);
});

Deno.test("an origin that asks hears the last word of those who left, for a minute", () => {
  const { reporter, clock, connected, answers } = scene();
  reporter.start();
  connected.add(bob);
  reporter.received(ana, 16);
  reporter.received(bob, 32);
  reporter.tick();
  clock.nowMs += 59_000;
  reporter.tick();
  assert.deepEqual(answers(), [[ana, 16], [bob, 32]]);
  clock.nowMs += 2000;
  reporter.tick();
  assert.deepEqual(answers(), [[bob, 32]]);
});

Deno.test("many users fill several messages, each small enough for the bus", () => {
  const { reporter, published } = scene();
  for (let i = 0; i < 2500; i++) reporter.received(`${i}` as UserId, 16);
  reporter.stop();
  assert.deepEqual(published.map(([, users]) => (users as unknown[]).length), [1000, 1000, 500]);
});
