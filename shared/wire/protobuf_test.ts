import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { jsonBytes, sdkProtobuf } from "testing/sdk_protobuf.ts";
import type { JsonValue } from "shared/event.ts";
import { BadFrame, FRAME_LIMITS, type Reply } from "./codec.ts";
import { jsonCodec } from "./json.ts";
import { protobufCodec } from "./protobuf.ts";
import { COMMAND, CONNECT_REQUEST, RPC_REQUEST, SEND_REQUEST } from "./protobuf/fields.ts";
import { encodeDelimited, type Message } from "./protobuf/writer.ts";

const { decode, push, reply } = protobufCodec;
const sdk = sdkProtobuf();
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));
/** Lists and maps of the SDK's messages, which are there when nothing is in them. */
const EMPTY_UNLESS_SET = new Set(["publications", "state", "tags"]);
const concat = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

Deno.test("decode() reads every verb that is served, several in a frame", () => {
  const frame = sdk.encodeCommands([
    { id: 1, connect: { token: "T", data: jsonBytes({ device: "d1" }), name: "js", version: "1" } },
    { id: 2, rpc: { method: "send", data: jsonBytes({ x: 1 }) } },
    { send: { data: jsonBytes({ type: "ack", gsid: 2 }) } },
    { id: 4294967295, refresh: { token: "T2" } },
    { id: 5, ping: {} },
    {},
  ]);
  assert.deepEqual(decode(frame), [
    { verb: "connect", id: 1, token: "T", data: { device: "d1" } },
    { verb: "rpc", id: 2, method: "send", data: { x: 1 } },
    { verb: "send", data: { type: "ack", gsid: 2 } },
    { verb: "refresh", id: 4294967295, token: "T2" },
    { verb: "ping", id: 5 },
    { verb: "pong" },
  ]);
});

Deno.test("decode() names the verbs that are known and not served", () => {
  const names = ["subscribe", "publish", "history", "presence", "presence_stats", "unsubscribe"];
  for (const name of [...names, "sub_refresh"]) {
    const frame = sdk.encodeCommands([{ id: 3, [name]: { channel: "x" } }]);
    assert.deepEqual(decode(frame), [{ verb: "unavailable", id: 3, name }]);
  }
});

Deno.test("decode() takes the position to recover from, an offset left out being 0", () => {
  const recoverOf = (subs: object) => {
    const [command] = decode(sdk.encodeCommands([{ id: 1, connect: { token: "T", subs } }]));
    return command?.verb === "connect" ? command.recover : assert.fail("must be a connect");
  };
  const max = Number.MAX_SAFE_INTEGER;
  for (const offset of [32, 2 ** 31, 2 ** 32 + 1, max]) {
    const inbox = { recover: true, offset, epoch: "E" };
    assert.deepEqual(recoverOf({ inbox }), { gsid: offset, epoch: "E" });
  }
  assert.deepEqual(recoverOf({ inbox: { recover: true, epoch: "E" } }), { gsid: 0, epoch: "E" });
  const other = { recover: true, offset: 5, epoch: "other" };
  assert.deepEqual(recoverOf({ a: other, inbox: { recover: true }, z: other }), {
    gsid: 0,
    epoch: "",
  });
  for (const subs of [{}, { other }, { inbox: {} }, { inbox: { offset: 5, epoch: "E" } }]) {
    assert.equal(recoverOf(subs), undefined, JSON.stringify(subs));
  }
  const beyond = { inbox: { recover: true, offset: max + 1 } };
  assert.throws(
    () => recoverOf(beyond),
    /connect.subs.inbox.offset must be an integer below 2\^53/,
  );
});

Deno.test("decode() passes over fields that it does not know, of every wire type", () => {
  // rpc {method "m"} and id 1, with fields 100 to 103 around them and in the request.
  const unknown = "a0 06 ff ff ff ff ff ff ff ff ff 01   a9 06 00 11 22 33 44 55 66 77" +
    "b2 06 02 c3 28   bd 06 00 11 22 33";
  const request = concat(bytes("12 01 6d"), bytes(unknown));
  const command = concat(bytes("08 01"), bytes(unknown), bytes("6a"), counted(request));
  assert.deepEqual(decode(counted(command)), [{ verb: "rpc", id: 1, method: "m", data: null }]);
});

Deno.test("decode() refuses a frame in words", () => {
  const ID = "id must be an integer from 1 to 4294967295";
  const VERB = "a command must have a verb of the protocol";
  const LENGTH = "a length must not pass the end of what it is in";
  const one = (...fields: Message) => encodeDelimited(fields);
  const faults: [frame: string | Uint8Array, words: string][] = [
    ["{}", "a Protobuf frame must be binary"],
    [bytes(""), "a frame must hold a command"],
    [bytes("05"), LENGTH],
    [bytes("ff ff ff ff 0f 00"), LENGTH],
    [bytes("ff ff ff ff ff ff ff ff 7f"), LENGTH],
    [bytes("80"), "a varint must end within its message"],
    [bytes("02 08 80 01"), "a varint must end within its message"],
    [bytes("80 80 80 80 80 80 80 80 80 80 00"), "a varint must be at most 10 bytes"],
    [bytes("02 00 01"), "a field must have a number"],
    [bytes("02 07 01"), "a field must have a number"],
    [bytes("07 f8 ff ff ff ff 01 00"), "a field must have a number"],
    [bytes("02 0b 00"), "id must be a varint"],
    [bytes("02 13 00"), "a field must not have the wire type 3"],
    [bytes("02 14 00"), "a field must not have the wire type 4"],
    [bytes("02 16 00"), "a field must not have the wire type 6"],
    [bytes("02 17 00"), "a field must not have the wire type 7"],
    [bytes("03 11 00 00"), LENGTH],
    [bytes("03 15 00 00"), LENGTH],
    [bytes("03 08 01 6a"), "a varint must end within its message"],
    [bytes("04 08 01 6a 05"), LENGTH],
    [bytes("05 08 01 6d 00 00"), "rpc must be length-delimited"],
    [bytes("04 08 01 68 00"), "rpc must be length-delimited"],
    [bytes("06 08 01 6a 02 08 00"), "rpc.data must be length-delimited"],
    [bytes("02 08 01"), VERB],
    [bytes("04 08 01 12 00"), VERB],
    [one([COMMAND.ping, []]), ID],
    [one([COMMAND.id, 2 ** 32], [COMMAND.ping, []]), ID],
    [one([COMMAND.subscribe, []]), ID],
    [
      one([COMMAND.id, 1], [COMMAND.rpc, []], [COMMAND.ping, []]),
      "a command must have one verb, not rpc and ping",
    ],
    [
      one([COMMAND.id, 1], [COMMAND.rpc, []], [COMMAND.rpc, []]),
      "a command must have one verb, not rpc and rpc",
    ],
    [one([COMMAND.send, [[SEND_REQUEST.data, "{"]]]), "send.data must be JSON"],
    [one([COMMAND.id, 1], [COMMAND.rpc, [[RPC_REQUEST.data, "{}{}"]]]), "rpc.data must be JSON"],
    [
      one([COMMAND.id, 1], [COMMAND.connect, [[CONNECT_REQUEST.data, "x"]]]),
      "connect.data must be JSON",
    ],
    [bytes("07 08 01 72 03 0a 01 ff"), "refresh.token must be UTF-8"],
    [bytes("08 08 01 72 04 0a 02 c3 28"), "refresh.token must be UTF-8"],
    [bytes("06 62 04 0a 02 ed a0"), "send.data must be UTF-8"],
  ];
  for (const [frame, message] of faults) {
    const shown = typeof frame === "string" ? frame : Buffer.from(frame).toString("hex");
    assert.throws(() => decode(frame), { name: "BadFrame", message }, shown);
  }
});

Deno.test("decode() takes the mark of replaced characters for what it is: a character", () => {
  const data = { text: "\ufffd\ufeff" };
  const frame = sdk.encodeCommands([{ send: { data: jsonBytes(data) } }]);
  assert.deepEqual(decode(frame), [{ verb: "send", data }]);
});

Deno.test("decode() accepts each bound and refuses what is one over", () => {
  const { maxBytes, maxCommands, maxDepth } = FRAME_LIMITS;
  assert.equal(decode(new Uint8Array(maxCommands)).length, maxCommands);
  assert.throws(() => decode(new Uint8Array(maxCommands + 1)), /at most 100 commands/);
  assert.throws(() => decode(new Uint8Array(maxBytes + 1)), /at most 65536 bytes/);
  const sized = (length: number) =>
    sdk.encodeCommands([{ send: { data: jsonBytes("x".repeat(length)) } }]);
  const room = maxBytes - sized(50_000).length + 50_000;
  assert.equal(sized(room).length, maxBytes);
  assert.equal(decode(sized(room)).length, 1);
  assert.throws(() => decode(sized(room + 1)), /at most 65536 bytes/);
  const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
  const rpc = (data: string) =>
    encodeDelimited([[COMMAND.id, 1], [COMMAND.rpc, [[RPC_REQUEST.data, data]]]]);
  // Whatever the format, the same data passes or does not.
  const json = (data: string) => `{"id":1,"rpc":{"data":${data}}}`;
  assert.deepEqual(decode(rpc(nested(maxDepth - 2))), jsonCodec.decode(json(nested(maxDepth - 2))));
  assert.throws(() => decode(rpc(nested(maxDepth - 1))), /rpc.data must nest at most 30 deep/);
  assert.throws(() => jsonCodec.decode(json(nested(maxDepth - 1))), BadFrame);
  assert.throws(() => decode(rpc("[".repeat(60_000))), /rpc.data must nest at most 30 deep/);
});

Deno.test("decode() reads what JSON reads, of any command that the SDK encodes", () => {
  const { text, id, data } = {
    text: fc.string({ unit: "grapheme" }),
    id: fc.integer({ min: 1, max: 0xffff_ffff }),
    data: fc.jsonValue({ maxDepth: 6 }).map((value) =>
      JSON.parse(JSON.stringify(value)) as JsonValue
    ),
  };
  const inbox = fc.record({ recover: fc.boolean(), offset: fc.maxSafeNat(), epoch: text });
  const command = fc.oneof(
    fc.record({ id, rpc: fc.record({ method: text, data }) }),
    fc.record({ id, refresh: fc.record({ token: text }) }),
    fc.record({ id, ping: fc.constant({}) }),
    fc.record({ send: fc.record({ data }) }),
    fc.record({ id, connect: fc.record({ token: text, data, subs: fc.record({ inbox }) }) }),
  );
  const withBytes = (value: object): object =>
    Object.fromEntries(
      Object.entries(value).map(([name, field]) => {
        if (name === "data") return [name, jsonBytes(field)];
        return [name, typeof field === "object" && field ? withBytes(field) : field];
      }),
    );
  fc.assert(fc.property(fc.array(command, { minLength: 1, maxLength: 5 }), (commands) => {
    const lines = commands.map((one) => JSON.stringify(one)).join("\n");
    assert.deepEqual(decode(sdk.encodeCommands(commands.map(withBytes))), jsonCodec.decode(lines));
  }));
});

Deno.test("decode() throws nothing but BadFrame, in words, whatever the bytes", () => {
  const whole = sdk.encodeCommands([
    {
      id: 1,
      connect: { token: "T", subs: { inbox: { recover: true, offset: 2 ** 50, epoch: "E" } } },
    },
    { id: 2, rpc: { method: "send", data: jsonBytes({ to: { user: "bob" }, text: "é😀" }) } },
    { id: 3, refresh: { token: "T" } },
    { send: { data: jsonBytes({ type: "ack", gsid: 2 }) } },
  ]);
  const bent = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 })
    .map((changes) => {
      const copy = whole.slice();
      for (const [at, byte] of changes) copy[at] = byte;
      return copy;
    });
  const frame = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ maxLength: 60 }).map(counted),
    bent,
    fc.tuple(bent, fc.nat(whole.length)).map(([all, length]) => all.subarray(0, length)),
  );
  fc.assert(
    fc.property(frame, (bytes) => {
      try {
        for (const command of decode(bytes)) assert.equal(typeof command.verb, "string");
      } catch (error) {
        assert.ok(error instanceof BadFrame, `${error}`);
        assert.ok(error.message.length <= 123, error.message);
      }
    }),
    { numRuns: 5_000 },
  );
});

const written = (frame: string | Uint8Array) => plain(sdk.decodeReplies(frame as Uint8Array));

Deno.test("reply() writes each kind of result under the command's id", () => {
  const refresh = { client: "c", version: "1", expires: true };
  const replies: [Reply, object][] = [
    [{ rpc: { gsid: 16 } }, { rpc: { data: `{"gsid":16}` } }],
    [{ rpc: null }, { rpc: { data: "null" } }],
    [{ ping: true }, { ping: {} }],
    [{ error: { code: 107, message: 'to "x"' } }, { error: { code: 107, message: 'to "x"' } }],
    [
      { error: { code: 4001, message: "é", temporary: true } },
      { error: { code: 4001, message: "é", temporary: true } },
    ],
    [{ refresh: { client: "c", version: "1", ttl: 60 } }, { refresh: { ...refresh, ttl: 60 } }],
    // Java reads a ttl as a signed number of 32 bits, and would refresh again at once.
    [
      { refresh: { client: "c", version: "1", ttl: 2 ** 40 } },
      { refresh: { ...refresh, ttl: 2 ** 31 - 1 } },
    ],
  ];
  for (const [sent, expected] of replies) {
    assert.deepEqual(written(reply(0xffff_ffff, sent)), [{ id: 0xffff_ffff, ...expected }]);
  }
});

Deno.test("reply() shows the inbox in every connect result, and recovery only when it was asked", () => {
  const result = { client: "c", version: "1", ttl: 60, ping: 25, data: { user: "ána" } };
  const connectOf = (recovered?: boolean, offset = 16) => {
    const inbox = { epoch: "E", offset, ...(recovered !== undefined && { recovered }) };
    return written(reply(1, { connect: { ...result, inbox } }));
  };
  const state = { recoverable: true, epoch: "E", offset: 16, positioned: true };
  const whole = (inbox: object) => [{
    id: 1,
    connect: {
      ...result,
      expires: true,
      pong: true,
      data: `{"user":"ána"}`,
      subs: { inbox },
    },
  }];
  assert.deepEqual(connectOf(), whole(state));
  assert.deepEqual(connectOf(true), whole({ ...state, recovered: true, was_recovering: true }));
  assert.deepEqual(connectOf(false), whole({ ...state, was_recovering: true }));
  const max = Number.MAX_SAFE_INTEGER;
  assert.deepEqual(connectOf(undefined, max), whole({ ...state, offset: max }));
});

Deno.test("reply() is, byte for byte, what the SDK's definitions encode", () => {
  const frame = reply(300, { rpc: { ok: true } }) as Uint8Array;
  const expected = sdk.encodeReplies([{ id: 300, rpc: { data: jsonBytes({ ok: true }) } }]);
  assert.deepEqual([...frame], [...expected]);
});

Deno.test("push() is, byte for byte, what the SDK's definitions encode, of any size and offset", () => {
  const size = fc.constantFrom(0, 1, 80, 110, 120, 16_200, 16_380, 70_000);
  const offset = fc.oneof(
    fc.maxSafeNat(),
    fc.nat(53).map((bits) => 2 ** bits - 1),
    fc.constant(undefined),
  );
  fc.assert(fc.property(fc.jsonValue(), size, offset, (event, size, offset) => {
    const data = [event, "x".repeat(size)];
    const pub = { data: jsonBytes(data), ...(offset && { offset }) };
    const expected = sdk.encodeReplies([{ push: { channel: "inbox", pub } }]);
    assert.ok(Buffer.from(expected).equals(push(JSON.stringify(data), offset) as Uint8Array));
  }));
});

Deno.test("push() of text that is no Unicode is still a whole message", () => {
  const [{ push: { pub } }] = written(push('"\ud800"', 16)) as [{ push: { pub: object } }];
  assert.deepEqual(pub, { data: '"\ufffd"', offset: 16 });
});

Deno.test("a frame that waits for a client keeps no memory but its own", () => {
  for (const frame of [push("{}", 16), reply(1, { ping: true }), protobufCodec.ping]) {
    const { buffer, byteLength } = frame as Uint8Array;
    assert.equal(buffer.byteLength, byteLength);
  }
});

Deno.test("join() puts messages one behind the other, so that each can be read again", () => {
  const frames = [push(`{"body":"x"}`, 16), protobufCodec.ping, reply(1, { ping: true })];
  const joined = protobufCodec.join(frames);
  assert.deepEqual(written(joined), frames.flatMap(written));
  assert.equal(protobufCodec.join([protobufCodec.ping]), protobufCodec.ping);
  assert.deepEqual([...protobufCodec.ping as Uint8Array], [0]);
});

/** Bytes behind their length. */
function counted(message: Uint8Array): Uint8Array {
  const length = message.length < 128
    ? [message.length]
    : [message.length & 127 | 128, message.length >> 7];
  return concat(Uint8Array.from(length), message);
}

/** Messages as values: only what is set, bytes as the text they hold, and a Long as its number. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if ("toNumber" in value) return (value as { toNumber(): number }).toNumber();
  const set = Object.entries(value).filter(([name, field]) =>
    !(EMPTY_UNLESS_SET.has(name) && Object.keys(field).length === 0)
  );
  return Object.fromEntries(set.map(([name, field]) => [name, plain(field)]));
}
