import assert from "node:assert/strict";
import { connect } from "@nats-io/transport-node";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { testNats } from "testing/nats.ts";

Deno.test("testNats() keeps its streams and its port over a crash", async () => {
  await using nats = await testNats();
  {
    const connection = await connect({ servers: nats.url });
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: "WORDS", subjects: ["words.>"] });
    await jetstream(connection).publish("words.first", "hello");
    await connection.close();
  }
  const { pid } = nats;
  await nats.crash();
  await nats.restart();
  assert.notEqual(nats.pid, pid);
  const connection = await connect({ servers: nats.url });
  const stream = await (await jetstreamManager(connection)).streams.info("WORDS");
  assert.equal(stream.state.messages, 1);
  await connection.close();
});

Deno.test("testNats() gives every test a server of its own", async () => {
  await using one = await testNats();
  await using other = await testNats();
  assert.notEqual(one.url, other.url);
});
