import assert from "node:assert/strict";
import { testNats } from "testing/nats.ts";
import { NoAnswer } from "shared/bus/bus.ts";
import { connectNats, MAX_PENDING_BYTES, type NatsBus } from "shared/bus/nats.ts";
import { isSupported, type NatsOptions } from "shared/bus/nats_connect.ts";
import { type Traceparent, traceparentOf } from "shared/tracing/traceparent.ts";
import { TcpProxy } from "../../scripts/faults/tcp_proxy.ts";
import { waitUntil } from "../../scripts/services/wait_until.ts";

const utf8 = new TextEncoder();
const text = new TextDecoder();

const AUTH = { kind: "password", user: "edge", password: "edge" } as const;

async function connectTo(
  url: string,
  errors: Error[] = [],
  more: Partial<NatsOptions> = {},
): Promise<NatsBus> {
  return await connectNats({
    servers: [url],
    name: "test",
    ...more,
    onError: (error) => errors.push(error),
  });
}

Deno.test("subscribe() hears what another connection publishes, in order", async () => {
  await using nats = await testNats();
  await using listener = await connectTo(nats.url);
  await using speaker = await connectTo(nats.url);
  const heard: string[] = [];
  const done = Promise.withResolvers<void>();
  listener.subscribe("words", (message) => {
    if (heard.push(text.decode(message.data)) === 3) done.resolve();
  });
  await listener.flush();
  for (const word of ["a", "b", "c"]) speaker.publish("words", utf8.encode(word));
  await done.promise;
  assert.deepEqual(heard, ["a", "b", "c"]);
});

Deno.test("a message brings where it is on its way, when that is told and is one of ours", async () => {
  await using nats = await testNats();
  await using listener = await connectTo(nats.url);
  await using speaker = await connectTo(nats.url);
  const heard: (string | undefined)[] = [];
  const done = Promise.withResolvers<void>();
  listener.subscribe("words", ({ traceparent }) => {
    if (heard.push(traceparent) === 4) done.resolve();
  });
  await listener.flush();
  const traceparent = traceparentOf("a".repeat(32), "b".repeat(16));
  const nothing = utf8.encode("");
  speaker.publish("words", nothing, { messageId: "1", traceparent });
  speaker.publish("words", nothing, { traceparent });
  speaker.publish("words", nothing, { messageId: "2" });
  speaker.publish("words", nothing, { traceparent: "nonsense" as Traceparent });
  await done.promise;
  assert.deepEqual(heard, [traceparent, traceparent, undefined, undefined]);
});

Deno.test("subscribe() with a queue gives each message to one subscriber", async () => {
  await using nats = await testNats();
  await using one = await connectTo(nats.url);
  await using other = await connectTo(nats.url);
  let answered = 0;
  for (const bus of [one, other]) {
    bus.subscribe("ask", (message) => {
      answered++;
      message.respond(message.data);
    }, { queue: "workers" });
    await bus.flush();
  }
  for (let n = 0; n < 20; n++) {
    assert.equal(text.decode(await one.request("ask", utf8.encode(`${n}`), 2_000)), `${n}`);
  }
  assert.equal(answered, 20);
});

Deno.test("request() finds no answer when nobody is there, at once, or when nobody speaks", async () => {
  await using nats = await testNats();
  await using bus = await connectTo(nats.url);
  await assert.rejects(bus.request("nobody", utf8.encode("?"), 60_000), NoAnswer);
  bus.subscribe("mute", () => {});
  await assert.rejects(bus.request("mute", utf8.encode("?"), 20), NoAnswer);
});

Deno.test("requestMany() gathers the answers of all, and none when nobody is there", async () => {
  await using nats = await testNats();
  await using bus = await connectTo(nats.url);
  await using other = await connectTo(nats.url);
  assert.deepEqual(await bus.requestMany("all", utf8.encode("?"), 50), []);
  bus.subscribe("all", (message) => message.respond(utf8.encode("bus")));
  other.subscribe("all", (message) => message.respond(utf8.encode("other")));
  await other.flush();
  const answers = await bus.requestMany("all", utf8.encode("?"), 500);
  assert.deepEqual(answers.map((answer) => text.decode(answer)).sort(), ["bus", "other"]);
});

Deno.test("a handler that throws is reported, and the next message is handled", async () => {
  await using nats = await testNats();
  const errors: Error[] = [];
  await using bus = await connectTo(nats.url, errors);
  const second = Promise.withResolvers<void>();
  let count = 0;
  bus.subscribe("poison", () => {
    if (++count === 1) throw new Error("poisoned");
    second.resolve();
  });
  bus.publish("poison", utf8.encode("1"));
  bus.publish("poison", utf8.encode("2"));
  await second.promise;
  assert.match(errors[0]!.message, /Cannot handle a message on poison/);
});

Deno.test("publish() reports a message that is too large, and does not throw", async () => {
  await using nats = await testNats();
  const errors: Error[] = [];
  await using bus = await connectTo(nats.url, errors);
  bus.publish("large", new Uint8Array(2 * 1024 * 1024));
  assert.match(errors[0]!.message, /Cannot publish on large/);
});

Deno.test("a bus outlives its server: it says so, nothing throws, and subscriptions return", async () => {
  await using nats = await testNats();
  const errors: Error[] = [];
  await using bus = await connectTo(nats.url, errors);
  const back = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  bus.onStatus((status) => (status === "connected" ? back : gone).resolve());
  const heard = Promise.withResolvers<string>();
  bus.subscribe("still", (message) => heard.resolve(text.decode(message.data)));
  await nats.crash();
  await gone.promise;
  assert.equal(bus.status, "disconnected");
  bus.publish("still", utf8.encode("lost"));
  await assert.rejects(bus.request("still", utf8.encode("?"), 60_000), /no server/);
  await nats.restart();
  await back.promise;
  bus.publish("still", utf8.encode("here"));
  assert.equal(await heard.promise, "here");
  assert.match(errors[0]!.message, /Cannot reach NATS any more/);
});

Deno.test("a bus that is closed says nothing of it", async () => {
  await using nats = await testNats();
  const errors: Error[] = [];
  const bus = await connectTo(nats.url, errors);
  await bus[Symbol.asyncDispose]();
  assert.deepEqual(errors, []);
});

Deno.test("connectNats() waits for a server that is not there yet, until aborted", async () => {
  const errors: Error[] = [];
  const abort = new AbortController();
  const connecting = connectNats({
    servers: ["nats://127.0.0.1:1"],
    name: "test",
    onError: (error) => {
      errors.push(error);
      abort.abort(new Error("enough"));
    },
    signal: abort.signal,
  });
  await assert.rejects(connecting, /enough/);
  assert.match(errors[0]!.message, /Cannot reach NATS at nats:\/\/127.0.0.1:1/);
});

Deno.test("connectNats() tries again when a server no longer waits for its credentials", async () => {
  await using nats = await testNats("authorization { user: edge, password: edge, timeout: 0.5 }");
  const { hostname, port } = new URL(nats.url);
  await using proxy = new TcpProxy({ hostname, port: Number(port) });
  proxy.hold("toServer");
  const errors: Error[] = [];
  const connecting = connectTo(`nats://127.0.0.1:${proxy.address.port}`, errors, { auth: AUTH });
  await waitUntil(() => errors.length > 0 || undefined, {
    what: "it to be told",
    withinMs: 20_000,
  });
  proxy.resume();
  await using bus = await connecting;
  assert.equal(bus.status, "connected");
  assert.match(`${errors[0]!.cause}`, /AuthorizationError: Authentication Timeout/i);
});

Deno.test("drain() answers what was asked before, and may be called twice", async () => {
  await using nats = await testNats();
  await using bus = await connectTo(nats.url);
  const worker = await connectTo(nats.url);
  const asked = Promise.withResolvers<void>();
  worker.subscribe("slow", (message) => {
    asked.resolve();
    message.respond(utf8.encode("done"));
  });
  await worker.flush();
  const answer = bus.request("slow", utf8.encode("?"), 2_000);
  await asked.promise;
  await worker.drain();
  await worker.drain();
  assert.equal(text.decode(await answer), "done");
});

Deno.test("connectNats() refuses a server that takes no messages as long as ours", async () => {
  await using nats = await testNats("max_payload: 1000KB");
  await assert.rejects(
    connectTo(nats.url),
    /max_payload is 1024000 bytes, and 1048576 are needed$/,
  );
});

Deno.test("isSupported() takes 2.10 and newer", () => {
  for (const version of ["2.10.27", "2.11.0", "2.15.1", "3.0.0"]) assert.ok(isSupported(version));
  for (const version of ["2.9.10", "1.99.0", "unknown"]) assert.ok(!isSupported(version));
});

Deno.test("a subscription that drains handles what the server had sent it", async () => {
  await using nats = await testNats();
  await using bus = await connectTo(nats.url);
  await using speaker = await connectTo(nats.url);
  let heard = 0;
  const subscription = bus.subscribe("words", () => heard++);
  await bus.flush();
  for (let n = 0; n < 1_000; n++) speaker.publish("words", utf8.encode("w"));
  await speaker.flush();
  await subscription.drain();
  assert.equal(heard, 1_000);
  speaker.publish("words", utf8.encode("late"));
  await speaker.flush();
  await bus.flush();
  assert.equal(heard, 1_000);
});

Deno.test("a subscription that the server refused is made as soon as the server allows it", async () => {
  const allowing = (subjects: string) =>
    `authorization { users = [ { user: edge, password: edge, permissions: {
      publish: ">", subscribe: ${subjects} } } ] }`;
  await using nats = await testNats(allowing(`["words"]`));
  const errors: Error[] = [];
  await using bus = await connectTo(nats.url, errors, { auth: AUTH });
  let heard = 0;
  bus.subscribe("secrets", () => heard++);
  await waitUntil(() => errors.length > 0 || undefined, { what: "a refusal", withinMs: 2_000 });
  assert.match(`${errors[0]}`, /Permissions Violation for Subscription to "secrets"/);
  await nats.configure(allowing(`["words", "secrets"]`));
  await waitUntil(() => {
    bus.publish("secrets", utf8.encode("s"));
    return heard > 0 || undefined;
  }, { what: "the subscription to hear", withinMs: 10_000, everyMs: 50 });
});

Deno.test("requests name their asker, one word for each connection", async () => {
  await using nats = await testNats();
  await using listener = await connectTo(nats.url);
  await using one = await connectTo(nats.url);
  await using other = await connectTo(nats.url);
  const senders: (string | undefined)[] = [];
  listener.subscribe("ask", (message) => {
    senders.push(message.sender);
    message.respond(message.data);
  });
  await listener.flush();
  for (const bus of [one, one, other]) await bus.request("ask", utf8.encode("?"), 2_000);
  one.publish("ask", utf8.encode("nothing is asked"));
  await one.flush();
  await listener.flush();
  const [first, second, third, fourth] = senders;
  assert.ok(first);
  assert.equal(second, first);
  assert.notEqual(third, first);
  assert.equal(fourth, undefined);
});

Deno.test("a question that wants its answer elsewhere than at an inbox is not answered", async () => {
  await using nats = await testNats();
  const errors: Error[] = [];
  await using worker = await connectTo(nats.url, errors);
  await using asker = await connectTo(nats.url);
  const heard: string[] = [];
  asker.subscribe("chat.>", ({ subject }) => heard.push(subject));
  worker.subscribe("ask", (message) => message.respond(message.data));
  await Promise.all([asker.flush(), worker.flush()]);
  asker.connection.publish("ask", utf8.encode("forged"), { reply: "chat.user-inbox.ben" });
  await asker.request("ask", utf8.encode("?"), 2_000);
  assert.deepEqual(heard, []);
  assert.deepEqual(errors.map(({ message }) => message), ["Cannot answer on ask"]);
  assert.match(`${errors[0]!.cause}`, /"chat\.user-inbox\.ben" is no inbox/);
});

Deno.test("a server that takes nothing costs no more memory than the bound", async () => {
  await using nats = await testNats();
  const errors: Error[] = [];
  await using bus = await connectTo(nats.url, errors);
  nats.kill("SIGSTOP");
  const megabyte = new Uint8Array(1_000_000);
  for (let i = 0; i < 100 && errors.length === 0; i++) {
    bus.publish("flood", megabyte);
    // What was published leaves for the socket at the end of the turn.
    await new Promise((resolve) => setTimeout(resolve));
  }
  assert.match(errors[0]?.message ?? "", /takes nothing/);
  assert.ok(bus.pendingBytes < MAX_PENDING_BYTES + 2 * megabyte.length, `${bus.pendingBytes}`);
  await assert.rejects(bus.request("ask", megabyte, 60_000), NoAnswer);
  nats.kill("SIGCONT");
  await bus.flush();
  assert.equal(bus.pendingBytes, 0);
});
