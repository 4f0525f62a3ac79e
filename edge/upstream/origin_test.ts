import assert from "node:assert/strict";
import { connectNats } from "shared/bus/nats.ts";
import { NoAnswer } from "shared/bus/bus.ts";
import { type Digest, encodeMessage, ORIGIN_QUEUE, REQUEST } from "shared/bus/requests.ts";
import { testNats } from "testing/nats.ts";
import { createOrigin } from "./origin.ts";

Deno.test("what heals a loss is answered, though every second origin stands still", async () => {
  await using nats = await testNats();
  const connect = (name: string) => connectNats({ servers: [nats.url], name, onError: () => {} });
  await using edge = await connect("edge");
  await using asleep = await connect("asleep");
  await using awake = await connect("awake");
  const origin = createOrigin(edge);
  await assert.rejects(origin.digest({}), NoAnswer);
  // It takes what it is sent, and says nothing; the other is there from the second request on.
  let taken = 0;
  asleep.subscribe(REQUEST.digest, () => {
    taken++;
    awake.subscribe(REQUEST.digest, (message) => {
      const digest = { epoch: "E", after: 16, upto: 16, topics: [] };
      message.respond(encodeMessage<Digest>(digest));
    }, { queue: ORIGIN_QUEUE });
    void asleep.drain();
  }, { queue: ORIGIN_QUEUE });
  await asleep.flush();
  const { upto } = await origin.digest({});
  assert.deepEqual([upto, taken], [16, 1]);
});
