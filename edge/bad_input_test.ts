import assert from "node:assert/strict";
import { waitUntil } from "../scripts/services/wait_until.ts";
import { OPCODE, type RawWebSocket } from "testing/raw_websocket.ts";
import { encodeLive } from "shared/bus/live.ts";
import type { GroupId } from "shared/ids.ts";
import { groupTopic, subjectOf } from "shared/topic.ts";
import { edgeScene, HEAD } from "./testing.ts";

const ping = (id: number) => `{"id":${id},"ping":{}}`;
const rpc = (data: string) => `{"id":2,"rpc":{"method":"history","data":${data}}}`;
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

/** What a connected client sends, and the code that its connection is closed with. */
const closes: [what: string, frame: string | Uint8Array, code: number][] = [
  ["a frame that is no JSON", "{", 3501],
  ["JSON that is no object", "[]", 3501],
  ["nothing but newlines", "\n\n\n", 3501],
  ["101 commands", Array.from({ length: 101 }, (_, i) => ping(i + 2)).join("\n"), 3501],
  ["20,000 empty commands", "{}\n".repeat(20_000), 3501],
  ["more than 64 KiB", rpc(`"${"x".repeat(70_000)}"`), 1009],
  ["a nesting of 33", rpc(nested(31)), 3501],
  ["a nesting of 30,000", rpc(nested(30_000)), 3501],
  ["an id of 0", ping(0), 3501],
  ["an id below 0", ping(-1), 3501],
  ["a broken id", ping(1.5), 3501],
  ["an id that is a string", `{"id":"2","ping":{}}`, 3501],
  ["an id beyond uint32", ping(2 ** 32), 3501],
  ["an rpc without an id", `{"rpc":{"method":"history"}}`, 3501],
  ["an unknown verb", `{"id":2,"destroy":{}}`, 3501],
  ["two verbs", `{"id":2,"ping":{},"rpc":{"method":"x"}}`, 3501],
  ["a second connect", `{"id":2,"connect":{"token":"x"}}`, 3501],
  ["an ack of no gsid", `{"send":{"data":{"type":"ack","gsid":"all"}}}`, 3501],
  ["invalid UTF-8", new Uint8Array([0x22, 0xff, 0x22]), 1007],
];

for (const [what, frame, code] of closes) {
  Deno.test(`${what} closes with ${code}, and nobody else notices`, async () => {
    await using scene = await edgeScene();
    using neighbour = await scene.open("bob");
    using client = await scene.open("ana");
    await client.send(frame);
    assertClosed(await client.closed(), code);
    await answersPing(neighbour);
  });
}

/** The same on a Protobuf connection. */
const binaryCloses: [what: string, frame: string | number[], code: number][] = [
  ["text on a Protobuf connection", "{}", 3501],
  ["no bytes", [], 3501],
  ["bytes that are no Protobuf", [...new TextEncoder().encode("hello")], 3501],
  ["a length without a message", [200, 1], 3501],
  ["a length that never ends", Array(64).fill(0xff), 3501],
  ["101 pongs", Array(101).fill(0), 3501],
  ["more than 64 KiB in binary", Array(70_000).fill(0), 1009],
  ["a ping without an id", [2, 0x5a, 0], 3501],
];

for (const [what, frame, code] of binaryCloses) {
  Deno.test(`${what} closes with ${code}`, async () => {
    await using scene = await edgeScene();
    using neighbour = await scene.open("bob");
    using client = await scene.open("ana", "protobuf");
    if (typeof frame === "string") await client.send(frame);
    else await client.send(Uint8Array.from(frame), { opcode: OPCODE.binary });
    assertClosed(await client.closed(), code);
    await answersPing(neighbour);
  });
}

Deno.test("a Protobuf client is answered, and pinged, in binary", async () => {
  await using scene = await edgeScene();
  using client = await scene.open("ana", "protobuf");
  // Command {id: 7, ping: {}}, and Reply {id: 7, ping: {}} for an answer.
  await client.send(Uint8Array.of(4, 8, 7, 0x5a, 0), { opcode: OPCODE.binary });
  const answer = await client.read();
  assert.equal(answer?.opcode, OPCODE.binary);
  assert.deepEqual([...answer.payload], [4, 8, 7, 0x62, 0]);
});

for (const frame of [rpc("{}"), ping(2), `{"send":{"data":{}}}`, `{"id":2,"subscribe":{}}`]) {
  Deno.test(`${frame} before a connect closes with 3501`, async () => {
    await using scene = await edgeScene();
    using client = await scene.open();
    await client.send(frame);
    assert.deepEqual(await client.closed(), {
      code: 3501,
      reason: "bad request: connect must come first",
    });
  });
}

const badTokens: [what: string, bend: (token: string) => string, ttlS: number, code: number][] = [
  ["nonsense", () => "nonsense", 60, 101],
  ["no token", () => "", 60, 101],
  ["a token that has expired", (token) => token, -60, 109],
  ["a token with a bent signature", (token) => `${token}A`, 60, 101],
];
for (const [what, bend, ttlS, code] of badTokens) {
  Deno.test(`${what} is answered with ${code}`, async () => {
    await using scene = await edgeScene();
    using client = await scene.open();
    const token = bend(await scene.signToken("ana", ttlS));
    await client.send(JSON.stringify({ id: 1, connect: { token } }));
    assert.equal(JSON.parse((await client.read())!.text).error.code, code);
  });
}

Deno.test("a device that is no id is answered with 107", async () => {
  await using scene = await edgeScene();
  using client = await scene.open();
  const connect = { token: await scene.signToken("ana"), data: { device: "a\0b" } };
  await client.send(JSON.stringify({ id: 1, connect }));
  assert.equal(JSON.parse((await client.read())!.text).error.code, 107);
});

Deno.test("binary on a JSON connection closes with 3501", async () => {
  await using scene = await edgeScene();
  using client = await scene.open("ana");
  await client.send("{}", { opcode: OPCODE.binary });
  assertClosed(await client.closed(), 3501);
});

Deno.test("names of prototypes are names like any other", async () => {
  await using scene = await edgeScene();
  using client = await scene.open("__proto__");
  await client.send(rpc(`{"__proto__":{"polluted":1},"constructor":{"prototype":{}}}`));
  assert.equal(JSON.parse((await client.read())!.text).rpc.data.user, "__proto__");
  assert.equal(({} as { polluted?: number }).polluted, undefined);
});

Deno.test("verbs that Fanfare does not serve are answered with 108", async () => {
  await using scene = await edgeScene();
  using client = await scene.open("ana");
  const verbs = ["subscribe", "publish", "history", "presence", "presence_stats"];
  for (const verb of [...verbs, "unsubscribe", "sub_refresh"]) {
    await client.send(`{"id":7,"${verb}":{"channel":"chat.>"}}`);
    const { id, error } = JSON.parse((await client.read())!.text);
    assert.deepEqual([id, error.code], [7, 108], verb);
  }
});

Deno.test("who stops reading while its group is flooded is closed; the others get it all", async () => {
  const group = "flooded" as GroupId;
  await using scene = await edgeScene({ groups: [group], env: { SEND_BUFFER_BYTES: "131072" } });
  using _stalled = await scene.open("ana");
  using reader = await scene.open("bob");
  const metric = async (name: string) => {
    const text = await (await fetch(`${scene.internal}/metrics`)).text();
    return Number(new RegExp(`^fanfare_edge_${name} (\\S+)$`, "m").exec(text)?.[1]);
  };
  const total = 8000;
  const text = "x".repeat(1000);
  const gsids: number[] = [];
  const flood = async () => {
    for (let n = 1; n <= total; n++) {
      const gsid = HEAD + n * 16;
      const data = JSON.stringify({ type: "message", gsid, body: { text } });
      scene.bus.publish(
        subjectOf(groupTopic(group)),
        encodeLive({ kind: "event", gsid, membership: 0, data }),
      );
      // As fast as the reader reads: its own buffer never holds more than about 60 of them.
      if (n % 10 === 0) {
        await waitUntil(() => gsids.length > n - 50 || undefined, {
          what: "the reader to keep up",
          withinMs: 10_000,
        });
      }
    }
  };
  await Promise.all([flood(), readGsids(reader, total, gsids)]);
  assert.deepEqual(gsids, Array.from({ length: total }, (_, i) => HEAD + (i + 1) * 16));
  await waitUntil(async () => await metric("slow_closes_total") === 1 || undefined, {
    what: "the one who does not read to be closed",
    withinMs: 5000,
  });
  await waitUntil(async () => await metric("connections") === 1 || undefined, {
    what: "its socket to be gone",
    withinMs: 5000,
  });
  assert(await metric("queued_bytes") < 131_072);
  await answersPing(reader);
});

/** Whoever has broken a rule of ours is told which. */
function assertClosed({ code, reason }: { code: number; reason: string }, expected: number): void {
  assert.equal(code, expected);
  if (expected === 3501) assert.match(reason, /^bad request: \w/);
}

async function readGsids(client: RawWebSocket, count: number, gsids: number[]): Promise<void> {
  while (gsids.length < count) {
    const message = await client.read();
    assert(message?.opcode === OPCODE.text, `closed after ${gsids.length}`);
    for (const line of message.text.split("\n")) {
      const { push } = JSON.parse(line);
      // The server pings a device that owes it a confirmation.
      if (push) gsids.push(push.pub.data.gsid);
      else await client.send("{}");
    }
  }
}

async function answersPing(client: RawWebSocket): Promise<void> {
  await client.send(ping(99));
  for (;;) {
    const lines = (await client.read())!.text.split("\n").map((line) => JSON.parse(line));
    if (lines.some(({ id }) => id === 99)) return;
  }
}
