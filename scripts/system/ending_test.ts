import assert from "node:assert/strict";
import type { Device } from "testing/client.ts";
import { name, TestSystem } from "testing/system.ts";
import { OPCODE, RawWebSocket } from "testing/raw_websocket.ts";
import { signToken } from "testing/token.ts";
import type { State } from "../dev/state.ts";
import { startSystem } from "../dev/system.ts";
import { waitUntil } from "../services/wait_until.ts";

Deno.test("an edge that is asked to end answers what is in flight, then says 3001", async () => {
  await using system = await startSystem({ edgeEnv: { DRAIN_MS: "500" } });
  const test = new TestSystem(system);
  await using bob = await test.device(name("bob"), { edge: 1 });
  using socket = await openConnection(system.state, name("ana"));
  const ids = Array.from({ length: 50 }, (_, i) => 100 + i);
  await using sql = test.sql();
  const ended = await sql.begin(async (transaction) => {
    // Nothing can be committed before the edge has been asked to end.
    await transaction`lock table events in share mode`;
    const commands = ids.map((id) => ({
      rpc: { method: "send", data: message(bob.user, id) },
      id,
    }));
    await socket.send([...commands, { ping: {}, id: 1 }].map((c) => JSON.stringify(c)).join("\n"));
    assert.deepEqual(await nextReply(socket), { ping: {}, id: 1 });
    const ending = system.terminate("edge-0");
    await untilDraining(system.state.edges[0]!.internal);
    return { ending };
  });
  const answered = new Map<number, number>();
  while (answered.size < ids.length) {
    const { id, rpc } = await nextReply(socket);
    answered.set(id, rpc!.data.gsid);
  }
  assert.deepEqual([...answered.keys()].sort(), ids);
  assert.equal(await nextClose(socket), 3001);
  const { code, signal } = await ended.ending;
  assert.deepEqual({ code, signal }, { code: 0, signal: null });
  for (const gsid of answered.values()) await bob.waitForGsid(gsid);
});

Deno.test("clients of an edge that is asked to end go to the other one and miss nothing", async () => {
  await using system = await startSystem({ edgeEnv: { DRAIN_MS: "500" } });
  const test = new TestSystem(system);
  await using ana = await test.device(name("ana"), { edge: 0, roam: true });
  await using bob = await test.device(name("bob"), { edge: 1 });
  await ana.waitForGsid((await bob.send(ana.user, "before")).gsid);
  const sending = sendSteadily(bob, ana.user, 100);
  const { code } = await system.terminate("edge-0");
  const gsids = await sending;
  assert.equal(code, 0);
  await ana.waitForGsid(gsids.at(-1)!);
  assert.ok(ana.closes.some((close) => close.code === 3001));
  assert.ok(ana.subscriptions.at(-1)!.recovered);
  assert.deepEqual(ana.events.slice(1).map(({ gsid }) => gsid), gsids);
});

Deno.test("an edge that is asked to end removes the presence of its users, and nobody waits for it", async () => {
  await using system = await startSystem({ edgeEnv: { DRAIN_MS: "200" } });
  const test = new TestSystem(system);
  await using ana = await test.device(name("ana"), { edge: 1 });
  await using bob = await test.device(name("bob"), { edge: 0 });
  await bob.send(ana.user, "they know each other");
  const askBob = async () => (await bob.rpc("presence", { users: [ana.user] }))[ana.user];
  assert.ok(await test.isOnline(ana.user));
  await system.terminate("edge-1");
  assert.equal(await test.isOnline(ana.user), false);
  assert.deepEqual(await askBob(), { online: false }, "it is known at once, not when it is missed");
});

Deno.test("an origin that is asked to end exits 0 and leaves its work to the other", async () => {
  await using system = await startSystem({ origins: 2 });
  const test = new TestSystem(system);
  await using ana = await test.device(name("ana"));
  await using bob = await test.device(name("bob"), { edge: 1 });
  const sending = sendSteadily(ana, bob.user, 100);
  const status = await system.terminate("origin-0");
  assert.equal(status.code, 0);
  const gsids = await sending;
  await bob.waitForGsid(gsids.at(-1)!);
  assert.deepEqual(bob.events.map(({ gsid }) => gsid), gsids);
});

Deno.test("clients of an edge that was killed go to the other one and miss nothing", async () => {
  await using system = await startSystem();
  const test = new TestSystem(system);
  await using ana = await test.device(name("ana"), { edge: 1 });
  await using bob = await test.device(name("bob"), { edge: 0, roam: true });
  const before = await ana.send(bob.user, "before");
  await bob.waitForGsid(before.gsid);
  const sending = sendSteadily(ana, bob.user, 100);
  await system.kill("edge-0");
  const gsids = await sending;
  await bob.waitForGsid(gsids.at(-1)!);
  assert.ok(bob.subscriptions.length > 1);
  assert.ok(bob.subscriptions.at(-1)!.recovered);
  assert.deepEqual(bob.events.map(({ gsid }) => gsid), [before.gsid, ...gsids]);
});

Deno.test("a system whose every part is killed and restarted has lost nothing", async () => {
  await using system = await startSystem({ durable: true });
  const test = new TestSystem(system);
  await using ana = await test.device(name("ana"), { edge: 0, roam: true });
  await using bob = await test.device(name("bob"), { edge: 1, roam: true });
  const { gsid: first } = await ana.send(bob.user, "first");
  await bob.waitForGsid(first);
  await bob.disconnect();
  const { gsid: second } = await ana.send(bob.user, "second");
  for (const id of ["edge-0", "edge-1", "origin-0", "nats", "redis", "postgres"]) {
    await system.kill(id);
  }
  for (const id of ["postgres", "nats", "redis", "origin-0"]) await system.restart(id);
  await Promise.all(["edge-0", "edge-1"].map((id) => system.restart(id)));
  await bob.connect();
  await bob.waitForGsid(second);
  const third = await retried(() => ana.send(bob.user, "third"));
  await bob.waitForGsid(third.gsid);
  assert.deepEqual(bob.events.map(({ id }) => id), ["first", "second", "third"]);
  const again = await ana.send(bob.user, "second");
  assert.deepEqual([again.gsid, again.duplicate], [second, true]);
});

function message(to: string, id: number) {
  return { to: { user: to }, id: `m${id}`, body: { text: "in flight" } };
}

/** A connection whose frames are read one by one: the SDK does not show when a command arrived. */
async function openConnection(state: State, user: string): Promise<RawWebSocket> {
  const [edge] = state.edges;
  const { socket } = await RawWebSocket.open(Number(new URL(edge!.url).port));
  const token = await signToken(user, state.token_secret, 3600);
  await socket.send(JSON.stringify({ connect: { token, data: {} }, id: 1 }), { masked: true });
  assert.equal((await nextReply(socket)).id, 1);
  return socket;
}

interface Reply {
  id: number;
  rpc?: { data: { gsid: number } };
}

/** Frames hold several lines, and pushes between the replies. */
const unread = new WeakMap<RawWebSocket, Reply[]>();

async function nextReply(socket: RawWebSocket): Promise<Reply> {
  const replies = unread.get(socket) ?? [];
  unread.set(socket, replies);
  while (replies.length === 0) {
    const frame = await socket.read();
    if (frame?.opcode !== OPCODE.text) throw new Error("Cannot read a reply: the socket closed");
    const lines = frame.text.split("\n").map((line) => JSON.parse(line));
    replies.push(...lines.filter(({ id }) => id !== undefined));
  }
  return replies.shift()!;
}

async function nextClose(socket: RawWebSocket): Promise<number> {
  for (;;) {
    const frame = await socket.read();
    if (!frame) throw new Error("Cannot read a close: the socket ended without one");
    if (frame.opcode === OPCODE.close) return (frame.payload[0]! << 8) + frame.payload[1]!;
  }
}

async function untilDraining(internal: string): Promise<void> {
  await waitUntil(async () => {
    const response = await fetch(`${internal}/ready`);
    const { draining } = await response.json();
    return draining || undefined;
  }, { what: "the edge to drain", withinMs: 2_000 });
}

/** Sends one after the other, each until it is acknowledged, as a careful app does. */
async function sendSteadily(from: Device, to: string, count: number): Promise<number[]> {
  const gsids: number[] = [];
  for (let i = 0; i < count; i++) {
    gsids.push((await retried(() => from.send(to, `m${i}`))).gsid);
  }
  return gsids;
}

const ATTEMPTS = 20;

/** The same id again is the same message, so that sending again is safe. */
async function retried<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = ATTEMPTS;; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
