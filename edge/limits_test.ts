import assert from "node:assert/strict";
import { waitUntil } from "../scripts/services/wait_until.ts";
import { RawWebSocket } from "testing/raw_websocket.ts";
import { edgeScene } from "./testing.ts";

type EdgeScene = Awaited<ReturnType<typeof edgeScene>>;

const ping = (id: number) => `{"id":${id},"ping":{}}`;
const call = (id: number) => `{"id":${id},"rpc":{"method":"history","data":{}}}`;
const frameOf = (command: (id: number) => string, count: number) =>
  Array.from({ length: count }, (_, i) => command(i + 2)).join("\n");

/** The error codes of the next answers, by id; 0 for none. */
async function answers(client: RawWebSocket, count: number): Promise<number[]> {
  const codes: number[] = [];
  while (codes.length < count) {
    const frame = await client.read();
    assert(frame, "the connection has ended");
    for (const line of frame.text.split("\n")) codes.push(JSON.parse(line).error?.code ?? 0);
  }
  return codes;
}

const count = (codes: number[], code: number) => codes.filter((each) => each === code).length;
const connect = (token: string) => JSON.stringify({ id: 1, connect: { token } });

/** A connect that is on its way: its answer is read later. */
async function connecting(scene: EdgeScene, user: string): Promise<RawWebSocket> {
  const client = await scene.open();
  await client.send(connect(await scene.signToken(user)));
  return client;
}

function until(scene: EdgeScene, name: string, value: number): Promise<true> {
  return waitUntil(async () => await scene.metric(name) === value || undefined, {
    what: `${name} to be ${value}`,
    withinMs: 5000,
  });
}

Deno.test("a user who calls too often is answered with 111, and its neighbour is not", async () => {
  await using scene = await edgeScene({ env: { CALL_RATE_PER_S: "1" } });
  scene.stopRates();
  using client = await scene.open("ana");
  using second = await scene.open("ana");
  using neighbour = await scene.open("bob");
  await client.send(frameOf(call, 20));
  assert.equal(count(await answers(client, 20), 111), 16);
  await second.send(call(2));
  assert.deepEqual(await answers(second, 1), [111], "a rate is the user's, not the connection's");
  await neighbour.send(call(2));
  assert.deepEqual(await answers(neighbour, 1), [0]);
  assert.equal(await scene.metric(`commands_limited_total{by="user"}`), 17);
});

Deno.test("a flood of commands is answered with 111 and then ended; a neighbour goes on", async () => {
  await using scene = await edgeScene({ env: { COMMAND_RATE_PER_S: "10" } });
  scene.stopRates();
  using client = await scene.open("ana");
  using neighbour = await scene.open("bob");
  await client.send(frameOf(ping, 100));
  // The connect was a command too, and counts for ten.
  assert.equal(count(await answers(client, 100), 111), 70);
  await neighbour.send(ping(2));
  assert.deepEqual(await answers(neighbour, 1), [0]);
  for (let i = 0; i < 3; i++) await client.send(frameOf(ping, 100));
  assert.equal(await client.closeCode(), 3013);
  await neighbour.send(ping(3));
  assert.deepEqual(await answers(neighbour, 1), [0]);
});

Deno.test("a user has so many connections and no more, an edge likewise", async () => {
  await using scene = await edgeScene({
    env: { MAX_USER_CONNECTIONS: "2", MAX_CONNECTIONS: "4" },
  });
  using _first = await scene.open("ana");
  {
    using _second = await scene.open("ana");
    using third = await connecting(scene, "ana");
    assert.equal(await third.closeCode(), 3504);
  }
  await until(scene, "connections", 1);
  using _again = await scene.open("ana");
  using _bob = await scene.open("bob");
  using _cleo = await scene.open("cleo");
  const { socket, status } = await RawWebSocket.open(scene.edge.port);
  socket[Symbol.dispose]();
  assert.equal(status, 503);
  assert.equal(await scene.metric(`upgrades_refused_total{reason="full"}`), 1);
});

Deno.test("connects take turns to read; who cannot begin in time is told to come back", async () => {
  await using scene = await edgeScene({ env: { CATCH_UPS_AT_ONCE: "2" } });
  const release = scene.holdReads();
  const users = ["ana", "bob", "cleo", "dan"];
  const clients = await Promise.all(users.map((user) => connecting(scene, user)));
  await until(scene, `bounded_size{what="catch_ups_running",kind="work",unit="items"}`, 2);
  await until(scene, `bounded_size{what="catch_ups_waiting",kind="queue",unit="items"}`, 2);
  const refused = await Promise.race(clients.map(async (client) => {
    assert.deepEqual(await answers(client, 1), [111]);
    return client;
  }));
  await until(scene, `catch_ups_refused_total{why="late"}`, 2);
  release();
  await until(scene, `connects_total{result="live"}`, 2);
  // The same socket may be used again.
  await refused.send(connect(await scene.signToken("eve")));
  await until(scene, `connects_total{result="live"}`, 3);
  for (const client of clients) client[Symbol.dispose]();
});

Deno.test("whoever hangs up while it waits for its turn gives it to the next", async () => {
  await using scene = await edgeScene({ env: { CATCH_UPS_AT_ONCE: "1" } });
  const release = scene.holdReads();
  using _first = await connecting(scene, "ana");
  await until(scene, `bounded_size{what="catch_ups_running",kind="work",unit="items"}`, 1);
  const gone = await connecting(scene, "bob");
  await until(scene, `bounded_size{what="catch_ups_waiting",kind="queue",unit="items"}`, 1);
  gone[Symbol.dispose]();
  await until(scene, `bounded_size{what="catch_ups_waiting",kind="queue",unit="items"}`, 0);
  release();
  await until(scene, `connects_total{result="live"}`, 1);
});
