import assert from "node:assert/strict";
import { ANNOUNCE, decodeMessage, type Digest, encodeMessage } from "shared/bus/requests.ts";
import type { Received } from "shared/bus/requests.ts";
import type { UserId } from "shared/ids.ts";
import { inboxTopic } from "shared/topic.ts";
import { waitUntil } from "../../scripts/services/wait_until.ts";
import { edgeScene, HEAD } from "../testing.ts";

const ana = "ana" as UserId;
const gsid = HEAD + 16;

async function scene() {
  const edge = await edgeScene();
  const reported: Received["users"] = [];
  edge.bus.subscribe(ANNOUNCE.received, ({ data }) => {
    reported.push(...decodeMessage<Received>(data).users);
  });
  await edge.bus.flush();
  const client = await edge.connect(ana), other = await edge.connect("bob");
  const arrived = Promise.withResolvers<void>();
  client.on("publication", () => arrived.resolve());
  edge.publish(inboxTopic(ana), gsid, `{"type":"message","gsid":${gsid}}`);
  await arrived.promise;
  /** Says that the database holds just this event. */
  const prove = () =>
    edge.bus.publish(
      ANNOUNCE.digest,
      encodeMessage<Digest>({
        epoch: "e1",
        after: HEAD,
        upto: gsid,
        topics: [[inboxTopic(ana), 1, gsid]],
      }),
    );
  return {
    client,
    /** Until the edge has read it; an answer on the same connection would be owed in turn. */
    async ack() {
      await client.send({ type: "ack", gsid });
      await other.rpc("presence", {});
    },
    prove,
    reported,
    untilReported: () =>
      waitUntil(() => reported.find(([user, upto]) => user === ana && upto >= gsid), {
        what: "the position to be reported",
        withinMs: 4_000,
      }),
    [Symbol.asyncDispose]: () => edge[Symbol.asyncDispose](),
  };
}

Deno.test("what a device confirmed before it was proven is reported as soon as it is proven", async () => {
  await using test = await scene();
  await test.ack();
  assert.deepEqual(test.reported.filter(([, upto]) => upto >= gsid), []);
  test.prove();
  await test.untilReported();
});

Deno.test("a device that begins at the head says nothing of what came before it", async () => {
  await using test = await scene();
  test.prove();
  await test.ack();
  await test.untilReported();
  const ofAna = test.reported.filter(([user]) => user === ana);
  assert.deepEqual(new Set(ofAna.map(([, , after]) => after)), new Set([HEAD]));
});

Deno.test("a connection that ends says what it had confirmed, before it is said to have ended", async () => {
  await using test = await scene();
  test.prove();
  await test.ack();
  test.client.disconnect();
  await test.untilReported();
});
