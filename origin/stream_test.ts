import assert from "node:assert/strict";
import { jetstreamManager } from "@nats-io/jetstream";
import { testNats } from "testing/nats.ts";
import { hasStream } from "shared/bus/jetstream.ts";
import { connectNats } from "shared/bus/nats.ts";
import { CHAT_STREAM } from "shared/topic.ts";
import { waitUntil } from "../scripts/services/wait_until.ts";
import { TestBeats } from "./audit/testing/bus.ts";
import { keepStream } from "./stream.ts";

const MIB = 1024 * 1024;

async function scene() {
  await using stack = new AsyncDisposableStack();
  const nats = stack.use(await testNats());
  const bus = stack.use(await connectNats({ servers: [nats.url], name: "o", onError: () => {} }));
  const beats = new TestBeats();
  const seen = { made: 0, failures: [] as unknown[] };
  const stream = stack.use(keepStream({
    bus,
    replicas: 1,
    maxBytes: 64 * MIB,
    every: beats.every,
    events: { made: () => seen.made++, failed: (error) => seen.failures.push(error) },
  }));
  const owned = stack.move();
  const until = (what: string, ask: () => Promise<boolean> | boolean) =>
    waitUntil(async () => {
      beats.beat();
      return await ask() || undefined;
    }, { what, withinMs: 10_000, everyMs: 20 });
  return {
    nats,
    stream,
    seen,
    manager: async () => (await jetstreamManager(bus.connection)).streams,
    until,
    untilThere: (made: number) =>
      until(
        "the stream to be there",
        async () =>
          seen.made === made && stream.isThere && bus.status === "connected" &&
          await hasStream(bus),
      ),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

Deno.test("keepStream() makes the stream again when somebody deleted it", async () => {
  await using test = await scene();
  await test.untilThere(1);
  const streams = await test.manager();
  await streams.delete(CHAT_STREAM.name);
  await test.untilThere(2);
  await test.until("another look", () => test.stream.isThere);
  assert.deepEqual(test.seen, { made: 2, failures: [] });
});

Deno.test("keepStream() leaves limits alone that somebody changed while it is there", async () => {
  await using test = await scene();
  await test.untilThere(1);
  const streams = await test.manager();
  await streams.update(CHAT_STREAM.name, { max_bytes: 32 * MIB });
  for (let look = 0; look < 20; look++) {
    await test.until("a look", () => test.stream.isThere);
    await streams.info(CHAT_STREAM.name);
  }
  assert.equal((await streams.info(CHAT_STREAM.name)).config.max_bytes, 32 * MIB);
});

Deno.test("keepStream() makes the stream again on a server that lost its store", async () => {
  await using test = await scene();
  await test.untilThere(1);
  await test.nats.crash();
  await test.nats.forget();
  await test.nats.restart();
  await test.untilThere(2);
});
