import assert from "node:assert/strict";
import { jetstreamManager } from "@nats-io/jetstream";
import { testNats } from "testing/nats.ts";
import { waitUntil } from "../../scripts/services/wait_until.ts";
import { chatStreamConfig, ensureStream, replayStream, streamSize } from "shared/bus/jetstream.ts";
import { connectNats, type NatsBus } from "shared/bus/nats.ts";
import { CHAT_STREAM } from "shared/topic.ts";

const utf8 = new TextEncoder();
const OPTIONS = { replicas: 1, maxBytes: 64 * 1024 * 1024 };

function connectTo(url: string): Promise<NatsBus> {
  return connectNats({
    servers: [url],
    name: "test",
    onError: (error) => {
      throw error;
    },
  });
}

async function infoOf(bus: NatsBus) {
  return await (await jetstreamManager(bus.connection)).streams.info(CHAT_STREAM.name);
}

async function keeps(bus: NatsBus, messages: number): Promise<void> {
  await waitUntil(async () => (await infoOf(bus)).state.messages === messages || undefined, {
    what: `the stream to keep ${messages} messages`,
    withinMs: 5_000,
  });
}

Deno.test("ensureStream() makes the stream, also when two do so at once, and mends its limits", async () => {
  await using nats = await testNats();
  await using bus = await connectTo(nats.url);
  await using other = await connectTo(nats.url);
  await Promise.all([ensureStream(bus, OPTIONS), ensureStream(other, OPTIONS)]);
  const { config } = await infoOf(bus);
  for (const [key, value] of Object.entries(chatStreamConfig(OPTIONS))) {
    assert.deepEqual(config[key as keyof typeof config], value, key);
  }
  await ensureStream(bus, { ...OPTIONS, maxBytes: 2 * OPTIONS.maxBytes });
  assert.equal((await infoOf(bus)).config.max_bytes, 2 * OPTIONS.maxBytes);
});

Deno.test("a message id that repeats is kept once", async () => {
  await using nats = await testNats();
  await using bus = await connectTo(nats.url);
  await ensureStream(bus, OPTIONS);
  for (let i = 0; i < 3; i++) {
    bus.publish("chat.user-inbox.ana", utf8.encode("x"), { messageId: "16:chat.user-inbox.ana" });
  }
  bus.publish("chat.user-inbox.ben", utf8.encode("x"), { messageId: "16:chat.user-inbox.ben" });
  await bus.flush();
  await keeps(bus, 2);
});

Deno.test("streamSize() counts messages and the subjects that have one; without a stream it throws", async () => {
  await using nats = await testNats();
  await using bus = await connectTo(nats.url);
  await assert.rejects(streamSize(bus));
  await ensureStream(bus, OPTIONS);
  for (const user of ["ana", "ana", "ben"]) {
    bus.publish(`chat.user-inbox.${user}`, utf8.encode("x"));
  }
  await bus.flush();
  await keeps(bus, 3);
  const { messages, subjects, bytes } = await streamSize(bus);
  assert.deepEqual([messages, subjects], [3, 2]);
  assert.ok(bytes > 3);
});

Deno.test("replayStream() hands on everything since a time, in order, and ends", async () => {
  await using nats = await testNats();
  await using bus = await connectTo(nats.url);
  await ensureStream(bus, OPTIONS);
  const never = new AbortController().signal;
  assert.equal(await replayStream(bus, Date.now() - 60_000, () => {}, never), 0);
  for (let n = 0; n < 2_500; n++) bus.publish("chat.system-alerts", utf8.encode(`${n}`));
  await bus.flush();
  await keeps(bus, 2_500);
  const seen: number[] = [];
  const count = await replayStream(bus, Date.now() - 60_000, (message) => {
    seen.push(Number(new TextDecoder().decode(message.data)));
  }, never);
  assert.equal(count, 2_500);
  assert.deepEqual(seen, Array.from({ length: 2_500 }, (_, n) => n));
});

Deno.test("replayStream() rejects when it is aborted", async () => {
  await using nats = await testNats();
  await using bus = await connectTo(nats.url);
  await ensureStream(bus, OPTIONS);
  for (let n = 0; n < 100; n++) bus.publish("chat.system-alerts", utf8.encode(`${n}`));
  await bus.flush();
  await keeps(bus, 100);
  const abort = new AbortController();
  const replay = replayStream(bus, 0, () => abort.abort(new Error("enough")), abort.signal);
  await assert.rejects(replay, /enough/);
});

Deno.test("replayStream() rejects when there is no stream", async () => {
  await using nats = await testNats();
  await using bus = await connectTo(nats.url);
  await assert.rejects(replayStream(bus, 0, () => {}, new AbortController().signal), /not found/);
});

Deno.test("replayStream() rejects when its stream goes away under it", async () => {
  await using nats = await testNats();
  await using bus = await connectTo(nats.url);
  await ensureStream(bus, OPTIONS);
  const messages = 5_000;
  for (let n = 0; n < messages; n++) bus.publish("chat.system-alerts", new Uint8Array(200));
  await bus.flush();
  await keeps(bus, messages);
  const { streams } = await jetstreamManager(bus.connection);
  let deleted: Promise<unknown> | undefined, count = 0;
  const handle = () => {
    count++;
    deleted ??= streams.delete(CHAT_STREAM.name);
  };
  const replay = replayStream(bus, 0, handle, new AbortController().signal, 500);
  await assert.rejects(replay, /it ended \d+ short/);
  await deleted;
  assert.ok(count < messages);
});
