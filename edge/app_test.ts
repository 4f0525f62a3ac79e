import assert from "node:assert/strict";
import { waitUntil } from "../scripts/services/wait_until.ts";
import { RawWebSocket } from "testing/raw_websocket.ts";
import { FORMATS, SDKS } from "testing/sdk.ts";
import {
  ANNOUNCE,
  type Beat,
  decodeMessage,
  type Drain,
  encodeMessage,
} from "shared/bus/requests.ts";
import type { GroupId, UserId } from "shared/ids.ts";
import { groupTopic, inboxTopic } from "shared/topic.ts";
import { REPORTED } from "./reported.ts";
import { edgeScene, HEAD } from "./testing.ts";

for (const format of FORMATS) {
  const { encode, decode } = SDKS[format];
  Deno.test(`an official ${format} client connects, is present, gets what is published, and calls`, async () => {
    await using scene = await edgeScene();
    const client = await scene.connect("ana", "phone", format);
    const present = scene.redis.execute("HGET", `on:${scene.edge.replica}`, "u:ana");
    assert.match(String(present), /^\[\["phone",/);

    const published = new Promise<{ data: unknown; offset?: number }>((resolve) => {
      client.once("publication", resolve);
    });
    const data = `{"type":"message","gsid":${HEAD + 16},"body":{"text":"¡hola! 😀"}}`;
    scene.publish(inboxTopic("ana" as UserId), HEAD + 16, data);
    assert.deepEqual(decode((await published).data), JSON.parse(data));

    const answer = await client.rpc("history", encode({ conversation: "dm:ana:bob" }));
    assert.deepEqual(decode(answer.data), { user: "ana", device: "phone", method: "history" });
  });
}

Deno.test("clients of both formats in one group get the same event under the same offset", async () => {
  const group = "mixed" as GroupId;
  await using scene = await edgeScene({ groups: [group] });
  const clients = await Promise.all(
    FORMATS.map((format) => scene.connect(`ana-${format}`, undefined, format)),
  );
  const heard = clients.map((client, i) =>
    new Promise<unknown>((resolve) => {
      const { decode } = SDKS[FORMATS[i]!];
      client.once("publication", ({ data, offset }) => resolve({ event: decode(data), offset }));
    })
  );
  scene.publish(groupTopic(group), HEAD + 16, `{"type":"message","gsid":${HEAD + 16}}`);
  const [one, other] = await Promise.all(heard);
  assert.deepEqual(one, { event: { type: "message", gsid: HEAD + 16 }, offset: HEAD });
  assert.deepEqual(one, other);
});

Deno.test("the internal port tells of health and counts", async () => {
  await using scene = await edgeScene();
  await scene.connect("ana");
  const ready = await (await fetch(`${scene.internal}/ready`)).json();
  const names = ready.checks.map((check: { name: string }) => check.name);
  assert.deepEqual(names, ["bus", "origin", "port"]);
  assert.equal(ready.ready, true);
  const metrics = await (await fetch(`${scene.internal}/metrics`)).text();
  assert.match(metrics, /^fanfare_edge_connections 1$/m);
  assert.match(metrics, /^fanfare_edge_connects_total\{result="live"\} 1$/m);
  assert.match(metrics, /^fanfare_edge_users 1$/m);
  const outside = await fetch(`http://127.0.0.1:${scene.edge.port}/metrics`);
  assert.equal(outside.status, 404);
  await outside.body?.cancel();
});

Deno.test("a key set that cannot be fetched is counted", async () => {
  const env = { TOKEN_SECRET: "", TOKEN_JWKS_URL: "http://127.0.0.1:1" };
  await using scene = await edgeScene({ env });
  assert.equal(await scene.metric("key_set_errors_total"), 0);
  using socket = await scene.open();
  const part = (value: unknown) => btoa(JSON.stringify(value)).replaceAll("=", "");
  const token = `${part({ alg: "ES256", kid: "k" })}.${part({ sub: "ana", exp: 9e9 })}.c2ln`;
  await socket.send(JSON.stringify({ id: 1, connect: { token } }));
  await waitUntil(
    async () => await scene.metric("key_set_errors_total") === 1 || undefined,
    { what: "the fetch to be counted", withinMs: 5_000 },
  );
});

Deno.test("an edge beats, and says who it is", async () => {
  await using scene = await edgeScene();
  const beat = await new Promise<Beat>((resolve) => {
    scene.bus.subscribe(`${ANNOUNCE.beat}.*`, ({ data }) => resolve(decodeMessage<Beat>(data)));
  });
  assert.equal(beat.replica, scene.edge.replica);
});

Deno.test("an edge tells operators of itself with its beats, and drains when an origin says so", async () => {
  await using scene = await edgeScene({ env: { DRAIN_MS: "0", EDGE_NAME: "edge-7" } });
  const beats: Beat[] = [];
  scene.bus.subscribe(`${ANNOUNCE.beat}.*`, ({ data }) => void beats.push(decodeMessage(data)));
  using _client = await scene.open("ana");
  const { report } = await waitUntil(
    () => beats.find(({ report }) => report?.figures.fanfare_edge_connections === 1),
    { what: "a beat that tells of the connection", withinMs: 15_000 },
  );
  assert.deepEqual(Object.keys(report!.figures), Object.keys(REPORTED.figures));
  assert.deepEqual(Object.keys(report!.spreads), REPORTED.spreads);
  assert.deepEqual(
    { ...report, version: "", atMs: 0, figures: {}, spreads: {}, fullest: {} },
    {
      ...{ program: "edge", name: "edge-7", version: "", atMs: 0, draining: false },
      ...{ faults: [], figures: {}, spreads: {}, fullest: {}, trouble: [] },
    },
  );
  const tell = (replica: string) =>
    scene.bus.publish(ANNOUNCE.drain, encodeMessage<Drain>({ replica }));
  tell("edge-7");
  tell(scene.edge.replica);
  await scene.edge.ended;
  await scene.bus.flush();
  const { report: last, ended } = beats.at(-1)!;
  assert.deepEqual([last!.draining, ended], [true, true], "the last it says");
});

Deno.test("an edge that hears no origin takes nobody, and says it is not ready", async () => {
  await using scene = await edgeScene({ origin: false });
  const { socket, status } = await RawWebSocket.open(scene.edge.port);
  socket[Symbol.dispose]();
  assert.equal(status, 503);
  const ready = await fetch(`${scene.internal}/ready`);
  assert.equal(ready.status, 503);
  await ready.body?.cancel();
});

Deno.test("drain: the answer first, then 3001; presence gone; nobody new; then the end", async () => {
  await using scene = await edgeScene({ env: { DRAIN_MS: "0" } });
  using client = await scene.open("ana");
  const answering = scene.holdCalls();
  await client.send(`{"id":2,"rpc":{"method":"history","data":{}}}`);
  await answering.arrived;
  const drained = await fetch(`${scene.internal}/drain`, { method: "POST" });
  assert.equal(drained.status, 202);
  await drained.body?.cancel();
  const { socket: late, status } = await RawWebSocket.open(scene.edge.port);
  late[Symbol.dispose]();
  assert.equal(status, 503);

  answering.release();
  assert.match((await client.read())!.text, /"rpc"/);
  assert.equal(await client.closeCode(), 3001);
  await scene.edge.ended;
  assert.equal(scene.redis.execute("EXISTS", `on:${scene.edge.replica}`), 0);
  assert.equal(scene.redis.execute("ZSCORE", "replicas", scene.edge.replica), null);
  await assert.rejects(fetch(`${scene.internal}/live`));
});
