import assert from "node:assert/strict";
import { edgeScene, HEAD } from "../../edge/testing.ts";
import type { RawWebSocket } from "testing/raw_websocket.ts";
import { encodeLive } from "shared/bus/live.ts";
import type { GroupId } from "shared/ids.ts";
import { groupTopic, subjectOf } from "shared/topic.ts";
import { type Way, WAYS } from "../faults/faults.ts";
import { TcpProxy } from "../faults/tcp_proxy.ts";
import { waitUntil } from "../services/wait_until.ts";

type EdgeScene = Awaited<ReturnType<typeof edgeScene>>;

const GROUP = "flooded" as GroupId;
const TEXT = "x".repeat(1_000);
const TOTAL = 8_000;

function until(scene: EdgeScene, name: string, value: number): Promise<true> {
  return waitUntil(async () => await scene.metric(name) === value || undefined, {
    what: `${name} to be ${value}`,
    withinMs: 5_000,
  });
}

/** Hands a group its messages, as fast as `reader` reads; `onTenth` is called now and then. */
async function flood(scene: EdgeScene, gsids: number[], onTenth: () => Promise<unknown>) {
  for (let n = 1; n <= TOTAL; n++) {
    const gsid = HEAD + n * 16;
    const data = JSON.stringify({ type: "message", gsid, body: { text: TEXT } });
    const live = encodeLive({ kind: "event", gsid, membership: 0, data });
    scene.bus.publish(subjectOf(groupTopic(GROUP)), live);
    if (n % 10 > 0) continue;
    await onTenth();
    await waitUntil(() => gsids.length > n - 50 || undefined, {
      what: "the reader to keep up",
      withinMs: 10_000,
    });
  }
}

async function readAll(client: RawWebSocket, gsids: number[]): Promise<void> {
  while (gsids.length < TOTAL) {
    for (const line of (await client.read())!.text.split("\n")) {
      const { push } = JSON.parse(line);
      if (push) gsids.push(push.pub.data.gsid);
      else await client.send("{}");
    }
  }
}

Deno.test("a client that reads a little of much is cut off; the others get it all", async () => {
  await using scene = await edgeScene({
    groups: [GROUP],
    env: { SEND_BUFFER_BYTES: "131072" },
  });
  using trickling = await scene.open("ana");
  using reader = await scene.open("bob");
  const gsids: number[] = [];
  // A kilobyte of each ten that are sent.
  await Promise.all([flood(scene, gsids, () => trickling.trickle(1_024)), readAll(reader, gsids)]);
  assert.deepEqual(gsids, Array.from({ length: TOTAL }, (_, i) => HEAD + (i + 1) * 16));
  await until(scene, "slow_closes_total", 1);
  await until(scene, "connections", 1);
  assert((await scene.metric("queued_max_bytes")) < 131_072);
});

for (const way of [...WAYS, undefined]) {
  Deno.test(`a client that is gone without a word (${way ?? "both ways"}) is let go when no pong comes`, async () => {
    await using scene = await edgeScene();
    await using proxy = new TcpProxy({ hostname: "127.0.0.1", port: scene.edge.port });
    using _client = await scene.open("ana", "json", proxy.address.port);
    await until(scene, "users", 1);
    swallow(proxy, way);
    // The machine's clock was wrong, and is put right.
    scene.setClock(-3_600_000);
    scene.elapse(25_000);
    await waitUntil(async () => await scene.metric("frames_total") >= 2 || undefined, {
      what: "a ping",
      withinMs: 5_000,
    });
    assert.equal(await scene.metric("connections"), 1);
    scene.elapse(8_000);
    await until(scene, `disconnects_total{code="3012"}`, 1);
    await until(scene, "connections", 0);
    assert.equal(await scene.metric("users"), 0);
    await waitUntil(
      () => scene.redis.execute("HGET", `on:${scene.edge.replica}`, "u:ana") === null || undefined,
      {
        what: "presence to be gone",
        withinMs: 5_000,
      },
    );
  });
}

function swallow(proxy: TcpProxy, way: Way | undefined): void {
  for (const connection of proxy.connections) connection.swallow(way);
}
