import assert from "node:assert/strict";
import { closedPort } from "../services/claimed_ports.ts";
import { waitUntil } from "../services/wait_until.ts";
import { TcpProxy } from "./tcp_proxy.ts";
import { type Peer, testClients, testServer } from "./testing.ts";

async function wire() {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await testServer());
  const proxy = stack.use(new TcpProxy(server.address));
  const clients = stack.use(testClients());
  const owned = stack.move();
  return {
    proxy,
    server,
    /** Both ends of a new connection that works. */
    async connect(): Promise<{ client: Peer; far: Peer }> {
      const before = server.peers.length;
      const client = await clients.connect(proxy.address);
      const far = await waitUntil(() => server.peers[before], {
        what: "the server to be reached",
        withinMs: 5_000,
      });
      return { client, far };
    },
    clients,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Has something pass both ways: whatever was sent on another connection before had its time. */
async function exchange({ client, far }: { client: Peer; far: Peer }): Promise<void> {
  const [heardByClient, heardByFar] = [client.text, far.text];
  client.say("?");
  await far.hears(`${heardByFar}?`);
  far.say("!");
  await client.hears(`${heardByClient}!`);
}

Deno.test("left alone, a proxy passes bytes and ends both ways, each by itself", async () => {
  await using w = await wire();
  const { client, far } = await w.connect();
  await exchange({ client, far });
  client.socket.end("last words");
  await far.hears("?last words");
  await far.until(() => far.hasEnded, "the end of the client's words");
  far.socket.end(" heard");
  await client.hears("! heard");
  await client.until(() => client.isClosed && far.isClosed, "the connection to be over");
  await client.until(() => w.proxy.connections.length === 0, "the proxy to forget it");
});

Deno.test("a client that resets its connection is seen by the server to be gone", async () => {
  await using w = await wire();
  const { client, far } = await w.connect();
  client.socket.resetAndDestroy();
  await far.until(() => far.hasEnded || far.isClosed, "the server to see it");
});

Deno.test("nothing is lost or mixed up when both ways are slow and uneven", async () => {
  await using w = await wire();
  w.proxy.slow({ latencyMs: 5, jitterMs: 10, bytesPerS: 2_000_000 });
  const { client, far } = await w.connect();
  const text = Array.from({ length: 20_000 }, (_, n) => `${n} `).join("");
  for (let at = 0; at < text.length; at += 7_000) client.say(text.slice(at, at + 7_000));
  far.say(text);
  await Promise.all([far.hears(text), client.hears(text)]);
});

Deno.test("leadTo() leads new connections elsewhere; those that are open stay where they are", async () => {
  await using w = await wire();
  await using other = await testServer();
  const before = await w.connect();
  w.proxy.leadTo(other.address);
  const client = await w.clients.connect(w.proxy.address);
  const far = await waitUntil(() => other.peers[0], {
    what: "the other server to be reached",
    withinMs: 5_000,
  });
  await exchange({ client, far });
  await exchange(before);
});

Deno.test("cut() ends what is open, on both sides, and lets others come", async () => {
  await using w = await wire();
  const first = await w.connect(), second = await w.connect();
  w.proxy.cut();
  for (const peer of [first.client, first.far, second.client, second.far]) {
    await peer.until(() => peer.hasEnded || peer.isClosed, "it to be cut");
  }
  await exchange(await w.connect());
});

Deno.test("a fault of one connection leaves the others alone", async () => {
  await using w = await wire();
  const first = await w.connect(), second = await w.connect();
  w.proxy.connections[0]!.cut();
  await first.far.until(() => first.far.hasEnded || first.far.isClosed, "the first to be cut");
  await exchange(second);
});

Deno.test("refuse() turns new connections away and keeps the old; resume() takes them again", async () => {
  await using w = await wire();
  const before = await w.connect();
  await w.proxy.refuse();
  await assert.rejects(w.clients.connect(w.proxy.address), { code: "ECONNREFUSED" });
  await exchange(before);
  w.proxy.resume();
  await exchange(await w.connect());
});

Deno.test("cutAfter() lets so many bytes pass, not one more, on each connection", async () => {
  await using w = await wire();
  const open = await w.connect();
  await exchange(open);
  w.proxy.cutAfter(4, "toServer");
  const fresh = await w.connect();
  for (const { client, far } of [open, fresh]) {
    const heard = far.text;
    far.say("unharmed");
    await client.until(() => client.text.endsWith("unharmed"), "the other way to be open");
    client.say("ab");
    await far.hears(`${heard}ab`);
    client.say("cdef");
    await far.until(() => far.hasEnded || far.isClosed, "it to be cut");
    assert.equal(far.text, `${heard}abcd`);
  }
});

for (const way of ["toServer", "toClient"] as const) {
  Deno.test(`swallow("${way}") loses that way's bytes and its end, and the connection stays open`, async () => {
    await using w = await wire();
    const { client, far } = await w.connect();
    const [sender, receiver] = way === "toServer" ? [client, far] : [far, client];
    w.proxy.swallow(way);
    sender.say("lost");
    receiver.say("heard");
    await sender.hears("heard");
    sender.socket.destroy();
    await sender.until(() => sender.isClosed, "the sender to be gone");
    // What is said to somebody who is gone comes back as a reset, which is lost like all else.
    receiver.say("are you there?");
    await exchange(await unharmed(w));
    assert.equal(receiver.text, "");
    assert.ok(!receiver.hasEnded && !receiver.isClosed, "it knows nothing of it");
    w.proxy.resume();
    await receiver.until(() => receiver.hasEnded || receiver.isClosed, "the truth to come out");
  });
}

Deno.test("what is swallowed cannot be mended: resume() cuts that connection, and only that", async () => {
  await using w = await wire();
  const torn = await w.connect(), whole = await w.connect();
  w.proxy.swallow("toServer");
  torn.client.say("lost");
  await exchange(await unharmed(w));
  w.proxy.resume();
  await torn.far.until(() => torn.far.hasEnded || torn.far.isClosed, "the torn one to be cut");
  await exchange(whole);
});

Deno.test("what is held arrives on resume, whole and in order, also what was said on new connections", async () => {
  await using w = await wire();
  const open = await w.connect();
  w.proxy.hold();
  const fresh = await w.connect();
  const text = "0123456789".repeat(200_000);
  for (const { client, far } of [open, fresh]) {
    client.say(text);
    client.socket.end();
    far.say("also held");
  }
  await exchange(await unharmed(w));
  for (const { client, far } of [open, fresh]) assert.equal(client.text + far.text, "");
  w.proxy.resume();
  for (const { client, far } of [open, fresh]) {
    await far.hears(text);
    await far.until(() => far.hasEnded, "the end, last of all");
    await client.hears("also held");
  }
});

Deno.test("one way can be held while the other is open", async () => {
  await using w = await wire();
  const { client, far } = await w.connect();
  w.proxy.hold("toServer");
  client.say("held");
  far.say("open");
  await client.hears("open");
  await exchange(await unharmed(w));
  assert.equal(far.text, "");
  w.proxy.resume();
  await far.hears("held");
});

Deno.test("halfClose() ends one way for its receiver, and the other goes on", async () => {
  await using w = await wire();
  const { client, far } = await w.connect();
  w.proxy.halfClose("toServer");
  await far.until(() => far.hasEnded, "the server to hear the end");
  client.say("into the void");
  far.say("still here");
  await client.hears("still here");
  assert.equal(far.text, "");
});

Deno.test("a proxy before a server that is down closes what it is given", async () => {
  await using proxy = new TcpProxy({ hostname: "127.0.0.1", port: closedPort() });
  await using clients = testClients();
  const client = await clients.connect(proxy.address);
  await client.until(() => client.hasEnded || client.isClosed, "it to be closed");
});

/** A connection that none of the proxy's faults has touched. */
async function unharmed(w: Awaited<ReturnType<typeof wire>>): Promise<{ client: Peer; far: Peer }> {
  const before = w.proxy.connections.length;
  const pair = await w.connect();
  w.proxy.connections[before]!.resume();
  return pair;
}
