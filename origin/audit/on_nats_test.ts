import assert from "node:assert/strict";
import { connectNats } from "shared/bus/nats.ts";
import { lastReceived } from "shared/received.ts";
import { ANNOUNCE, encodeMessage, type Received } from "shared/bus/requests.ts";
import { testNats } from "testing/nats.ts";
import { storesOfThisFile } from "testing/stores.ts";
import { DIGEST_INTERVAL_MS, SILENCE_MS } from "./digest.ts";
import { Digests } from "./digest_shell.ts";
import { askReceived, ReceivedPositions } from "./received.ts";
import { TestBeats } from "./testing/bus.ts";
import { user } from "./testing/seed.ts";
import { within } from "./testing/within.ts";

const stores = storesOfThisFile();

function connect(url: string, name: string) {
  return connectNats({ servers: [url], name, onError: () => {} });
}

Deno.test("Digests on NATS settle on one origin, which does not take its echo for another's", async () => {
  await using db = await stores.store();
  await using nats = await testNats();
  await using oneBus = await connect(nats.url, "one");
  await using otherBus = await connect(nats.url, "other");
  const clock = { ms: 0 }, beats = new TestBeats();
  const made: string[] = [];
  let next = Promise.withResolvers<void>();
  const digests = (name: string, bus: typeof oneBus, jitterMs: number) =>
    new Digests({
      sql: db.sql,
      bus,
      nowMs: () => clock.ms,
      jitterMs: () => jitterMs,
      every: beats.every,
      events: {
        made: () => {
          made.push(name);
          next.resolve();
        },
        failed: (error) => next.reject(error),
      },
    });
  await using _one = digests("one", oneBus, 0);
  await using _other = digests("other", otherBus, 500);
  await Promise.all([oneBus.flush(), otherBus.flush()]);
  clock.ms = SILENCE_MS;
  for (let round = 0; round < 4; round++) {
    next = Promise.withResolvers();
    beats.beat();
    await within(next.promise);
    await oneBus.flush();
    await otherBus.flush();
    clock.ms += DIGEST_INTERVAL_MS;
  }
  assert.deepEqual(made, ["one", "one", "one", "one"]);
});

Deno.test("askReceived() on NATS takes in every message of every edge, and lives with none", async () => {
  await using nats = await testNats();
  await using origin = await connect(nats.url, "origin");
  await using edge = await connect(nats.url, "edge");
  const positions = new ReceivedPositions();
  const hear = (report: Uint8Array) => void positions.hear(report, 3);
  await askReceived(origin, hear, "origin-1");
  assert.equal(positions.size, 0);
  const answers: Received["users"][] = [[[user("ana"), 1]], [[user("bo"), 2], [user("ana"), 3]]];
  edge.subscribe(ANNOUNCE.askReceived, (question) => {
    for (const users of answers) question.respond(encodeMessage<Received>({ replica: "r", users }));
  });
  await edge.flush();
  await askReceived(origin, hear, "origin-1");
  const last = (name: string) => lastReceived(positions.of(user(name)));
  assert.deepEqual([last("ana"), last("bo")], [3, 2]);
});
