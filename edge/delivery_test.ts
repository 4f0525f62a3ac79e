import assert from "node:assert/strict";
import { testTurns } from "testing/turns.ts";
import { type Bus, NoAnswer } from "shared/bus/bus.ts";
import { type UserId } from "shared/ids.ts";
import { inboxTopic } from "shared/topic.ts";
import { readEdgeConfig } from "./config.ts";
import { Delivery, type DeliveryDeps, MAX_TALLIED } from "./delivery.ts";

const config = readEdgeConfig({
  NATS_URL: "nats://127.0.0.1:4222",
  UPSTASH_REDIS_REST_URL: "http://127.0.0.1:8079",
  UPSTASH_REDIS_REST_TOKEN: "t",
  TOKEN_SECRET: "s".repeat(32),
});

/** A delivery path whose bus is up, and where nobody answers. */
function scene() {
  const turns = testTurns();
  const bus: Partial<Bus> = {
    status: "connected",
    publish() {},
    request: () => Promise.reject(new NoAnswer()),
  };
  const deps: Partial<DeliveryDeps> = {
    bus: bus as Bus,
    replica: "e1",
    turns,
    now: turns.nowMs,
    events: { judged() {}, catchUps: { entered() {}, refused() {} } } as Partial<
      DeliveryDeps["events"]
    > as DeliveryDeps["events"],
  };
  return new Delivery(config, deps as DeliveryDeps);
}

Deno.test("an edge that has too much unproven takes nobody until it is proven or forgotten", async () => {
  const delivery = scene();
  delivery.healing.heard({ v: 1, epoch: "E", after: 16, upto: 16, topics: [] });
  await Promise.resolve();
  assert.equal(delivery.reachable, true);
  delivery.ledger.enter("c1", inboxTopic("ana" as UserId));
  for (let n = 0; n < MAX_TALLIED; n++) delivery.ledger.hand("c1", 32 + n);
  await delivery.tick();
  assert.equal(delivery.reachable, true);
  delivery.ledger.hand("c1", 32 + MAX_TALLIED);
  await delivery.tick();
  assert.equal(delivery.reachable, false);
  delivery.ledger.leave("c1");
  await delivery.tick();
  assert.equal(delivery.reachable, true);
});
