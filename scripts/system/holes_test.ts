/**
 * What an edge is never brought: cut off, deaf, asleep, without a stream. Everybody gets everything
 * all the same, once, and no cursor is ever beyond it.
 */
import assert from "node:assert/strict";
import { jetstreamManager } from "@nats-io/jetstream";
import { CHAT_STREAM } from "shared/topic.ts";
import { assertNoCursorSkips } from "testing/cursors.ts";
import { readMetric } from "testing/metrics.ts";
import type { Format } from "testing/sdk.ts";
import { name, TestSystem } from "testing/system.ts";
import { connectAsOperator } from "../dev/nats_operator.ts";
import { startSystem } from "../dev/system.ts";
import { Links } from "../faults/links.ts";
import { pause, waitUntil } from "../services/wait_until.ts";

/** A cut that a client notices by itself takes three pings of 2 s. */
const HEALED_MS = 30_000;
const SILENT_MS = 7_000;

/** Bob is on the edge that things happen to; ana, on the other, writes to him. */
async function scene(format: Format) {
  await using stack = new AsyncDisposableStack();
  const links = stack.use(new Links(({ from, to }) => from === "edge-1" && to === "nats"));
  const system = stack.use(await startSystem({ origins: 2, through: links.through }));
  const test = new TestSystem(system, format);
  const ana = stack.use(await test.device(name("ana"), { edge: 0 }));
  const bob = stack.use(await test.device(name("bob"), { edge: 1 }));
  const group = name("team");
  const gsids: number[] = [(await ana.rpc("group.create", { group, members: [bob.user] })).gsid];
  const link = links.of("edge-1", "nats");
  const owned = stack.move();
  return {
    test,
    bob,
    link,
    /** By turns to the group and to him. */
    async send(count: number) {
      for (let i = 0; i < count; i++) {
        gsids.push((await ana.send(i % 2 ? bob.user : { group }, name("m"))).gsid);
      }
    },
    async healed() {
      for (const gsid of gsids) await bob.waitForGsid(gsid, HEALED_MS);
      assert.deepEqual(bob.received.flatMap(({ event }) => event.gsid ?? []).sort(), gsids);
      assertNoCursorSkips(bob, gsids);
      assert.equal(bob.subscriptions.length, 1, "he stayed connected all the time");
    },
    async lostAndHealed() {
      const { internal } = test.system.state.edges[1]!;
      const healed = (by: string) => readMetric(internal, "fanfare_edge_healed_total", { by });
      const losses = await readMetric(internal, "fanfare_edge_bus_losses_total");
      return { losses, byStream: await healed("stream"), byDigest: await healed("digest") };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type Scene = Awaited<ReturnType<typeof scene>>;

Deno.test("an edge that loses its bus reads the stream, and one whose stream is gone the database", async () => {
  await using all = await scene("json");
  await loseBus(all);
  await loseBusAndStream(all);
  await losePresence(all);
});

Deno.test("an edge that hears nothing, though its connection looks alive, finds out and makes it good", async () => {
  await using all = await scene("protobuf");
  await loseBus(all);
  await goDeaf(all);
});

Deno.test("an edge that stands still while others leave it out has handed out everything soon after", async () => {
  await using all = await scene("protobuf");
  await standStill(all);
});

Deno.test("when the database is another, all clients are told to start over, and then go on", async () => {
  await using all = await scene("json");
  await all.healed();
  await using sql = all.test.sql();
  const [{ epoch }] = await sql<[{ epoch: string }]>`select begin_epoch() as epoch`;
  const { bob } = all;
  await bob.until(() => bob.subscriptions[1], "bob to be back", HEALED_MS);
  assert.ok(bob.closes.some(({ code }) => code === 3010));
  const { recovered, wasRecovering, position } = bob.subscriptions[1]!;
  assert.deepEqual([recovered, wasRecovering, position.epoch], [false, true, epoch]);
  await all.send(1);
  await bob.waitFor(({ type }) => type === "message");
});

async function loseBus(all: Scene): Promise<void> {
  await all.send(2);
  await all.healed();
  const before = await all.lostAndHealed();
  await all.link.refuse();
  all.link.cut();
  await all.send(20);
  all.link.resume();
  await all.healed();
  const after = await all.lostAndHealed();
  assert.ok(after.byStream >= before.byStream + 20);
  assert.equal(after.byDigest, before.byDigest, "the database was not asked");
  assert.equal(after.losses, before.losses + 1);
  await all.send(2);
  await all.healed();
}

async function loseBusAndStream(all: Scene): Promise<void> {
  const before = await all.lostAndHealed();
  await all.link.refuse();
  all.link.cut();
  await all.send(20);
  await withStreams(all.test, (streams) => streams.delete(CHAT_STREAM.name));
  all.link.resume();
  await all.healed();
  const after = await all.lostAndHealed();
  assert.ok(after.byDigest >= before.byDigest + 20);
  await withStreams(
    all.test,
    (streams) =>
      waitUntil(() => streams.info(CHAT_STREAM.name).catch(() => undefined), {
        what: "the stream to be made again",
        withinMs: 5_000,
        everyMs: 100,
      }),
  );
}

async function losePresence(all: Scene): Promise<void> {
  await all.test.forgetAllPresence();
  assert.equal(await all.test.isOnline(all.bob.user), false);
  // An origin misses only an edge that it hears, and this one was away a moment ago.
  const writtenToAndOnline = async () => {
    await all.send(1);
    return await all.test.isOnline(all.bob.user) || undefined;
  };
  await waitUntil(writtenToAndOnline, {
    what: "bob to be shown online",
    withinMs: 10_000,
    everyMs: 250,
  });
  await all.healed();
}

async function goDeaf(all: Scene): Promise<void> {
  const { losses } = await all.lostAndHealed();
  all.link.swallow("toClient");
  await all.send(20);
  await waitUntil(async () => (await all.lostAndHealed()).losses > losses || undefined, {
    what: "the edge to notice",
    withinMs: HEALED_MS,
    everyMs: 100,
  });
  all.link.resume();
  await all.healed();
}

async function standStill(all: Scene): Promise<void> {
  all.test.system.signal("edge-1", "SIGSTOP");
  await all.send(10);
  // Origins take it for dead, and publish nothing more to those who are on it alone.
  await pause(SILENT_MS);
  await all.send(10);
  all.test.system.signal("edge-1", "SIGCONT");
  await all.healed();
}

async function withStreams<Result>(
  { system }: TestSystem,
  use: (streams: Awaited<ReturnType<typeof jetstreamManager>>["streams"]) => Promise<Result>,
): Promise<Result> {
  const connection = await connectAsOperator(system.state);
  try {
    return await use((await jetstreamManager(connection)).streams);
  } finally {
    await connection.close();
  }
}
