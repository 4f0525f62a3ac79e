import assert from "node:assert/strict";
import { connectNats } from "shared/bus/nats.ts";
import { NoAnswer } from "shared/bus/bus.ts";
import {
  type Answer,
  type Digest,
  encodeMessage,
  ORIGIN_QUEUE,
  REQUEST,
  type SendAnswers,
  type Sent,
} from "shared/bus/requests.ts";
import { testNats } from "testing/nats.ts";
import { createOrigin } from "./origin.ts";

/** An origin that takes a request and says nothing, and another that is there from the next on. */
async function scene(subject: string, answer: Uint8Array) {
  await using stack = new AsyncDisposableStack();
  const nats = stack.use(await testNats());
  const connect = async (name: string) =>
    stack.use(await connectNats({ servers: [nats.url], name, onError: () => {} }));
  const [edge, asleep, awake] = [await connect("edge"), await connect("a"), await connect("b")];
  const origin = createOrigin(edge);
  const taken: Uint8Array[] = [];
  const listen = async () => {
    asleep.subscribe(subject, (message) => {
      taken.push(message.data);
      awake.subscribe(subject, (message) => {
        taken.push(message.data);
        message.respond(answer);
      }, { queue: ORIGIN_QUEUE });
      void asleep.drain();
    }, { queue: ORIGIN_QUEUE });
    await asleep.flush();
  };
  const owned = stack.move();
  return { origin, taken, listen, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

Deno.test("what heals a loss is answered, though every second origin stands still", async () => {
  const digest = { epoch: "E", after: 16, upto: 16, topics: [] };
  await using test = await scene(REQUEST.digest, encodeMessage<Digest>(digest));
  await assert.rejects(test.origin.digest({}), NoAnswer);
  await test.listen();
  const { upto } = await test.origin.digest({});
  assert.deepEqual([upto, test.taken.length], [16, 2]);
});

Deno.test("sends are asked again of another origin, which can refuse none for good", async () => {
  const stored: Answer<Sent> = {
    result: { gsid: 16, at: "", conversation: "dm:ana:ben", prev: 0, duplicate: true },
  };
  const busy = { error: { code: 111, message: "too many requests", temporary: true } };
  const refused = { error: { code: 4001, message: "unknown conversation" } };
  const answers = encodeMessage<SendAnswers>({ answers: [stored, busy, refused] });
  await using test = await scene(REQUEST.send, answers);
  await assert.rejects(test.origin.send(["{}"]), NoAnswer);
  await test.listen();
  const [first, second, third] = await test.origin.send(["{}", "{}", "{}"]);
  assert.deepEqual([first, second], [stored, busy]);
  // The first may store it yet: whoever sends it again is told for good.
  assert.deepEqual(third, {
    error: { code: 100, message: "internal server error", temporary: true },
  });
  assert.equal(test.taken.length, 2);
  assert.deepEqual(test.taken[0], test.taken[1]);
});

Deno.test("who is asked first, and answers soon, is believed at once", async () => {
  await using nats = await testNats();
  const connect = (name: string) => connectNats({ servers: [nats.url], name, onError: () => {} });
  await using edge = await connect("edge");
  await using one = await connect("one");
  const refused = { error: { code: 4001, message: "unknown conversation" } };
  one.subscribe(
    REQUEST.send,
    (message) => message.respond(encodeMessage<SendAnswers>({ answers: [refused] })),
    { queue: ORIGIN_QUEUE },
  );
  await one.flush();
  assert.deepEqual(await createOrigin(edge).send(["{}"]), [refused]);
});
