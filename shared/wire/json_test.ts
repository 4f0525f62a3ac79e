import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonObject, JsonValue } from "shared/event.ts";
import { BadFrame, FRAME_LIMITS, type Reply } from "./codec.ts";
import { jsonCodec } from "./json.ts";

const { decode, push, reply } = jsonCodec;
const ID = "id must be an integer from 1 to 4294967295";

Deno.test("decode() reads every verb that is served", () => {
  const frame = [
    `{"connect":{"token":"T","data":{"device":"d1"},"name":"js","version":"1"},"id":1}`,
    `{"rpc":{"method":"send","data":{"x":1}},"id":2}`,
    `{"send":{"data":{"type":"ack","gsid":2}}}`,
    `{"refresh":{"token":"T2"},"id":4294967295}`,
    `{"ping":{},"id":5}`,
    `{}`,
  ].join("\n");
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
  for (
    const name of [
      "subscribe",
      "publish",
      "history",
      "presence",
      "presence_stats",
      "unsubscribe",
      "sub_refresh",
    ]
  ) {
    assert.deepEqual(decode(`{"id":3,"${name}":{"channel":"x"}}`), [
      { verb: "unavailable", id: 3, name },
    ]);
  }
});

Deno.test("decode() skips blank lines and accepts any blanks around a command", () => {
  assert.deepEqual(decode("\n\r\n {} \r\n\t\n{}\n"), [{ verb: "pong" }, { verb: "pong" }]);
});

Deno.test("decode() ignores fields that it does not know, and fills in those left out", () => {
  assert.deepEqual(decode(`{"id":1,"rpc":{"method":"m","extra":1},"flag":7}`), [
    { verb: "rpc", id: 1, method: "m", data: null },
  ]);
  assert.deepEqual(decode(`{"id":1,"connect":{"subs":null}}`), [
    { verb: "connect", id: 1, token: "", data: null },
  ]);
});

const recoverOf = (inbox: string) => {
  const [command] = decode(`{"id":1,"connect":{"token":"T","subs":{"inbox":${inbox}}}}`);
  return command?.verb === "connect" ? command.recover : assert.fail("must be a connect");
};

Deno.test("decode() takes the position to recover from, an offset left out being 0", () => {
  assert.deepEqual(recoverOf(`{"recover":true,"offset":32,"epoch":"E"}`), { gsid: 32, epoch: "E" });
  assert.deepEqual(recoverOf(`{"recover":true,"epoch":"E"}`), { gsid: 0, epoch: "E" });
  assert.deepEqual(recoverOf(`{"recover":true}`), { gsid: 0, epoch: "" });
  for (const none of [`{}`, `null`, `{"recover":false,"offset":5}`, `{"offset":5,"epoch":"E"}`]) {
    assert.equal(recoverOf(none), undefined, none);
  }
});

Deno.test("decode() refuses a frame in words", () => {
  const faults: [frame: string | Uint8Array, words: string][] = [
    [new TextEncoder().encode("{}"), "a JSON frame must be text"],
    ["", "a frame must hold a command"],
    [" \n ", "a frame must hold a command"],
    ["{", "a command must be JSON"],
    [`{"a":"}`, "a command must be JSON"],
    ["[]", "a command must be an object"],
    ["null", "a command must be an object"],
    ["7", "a command must be an object"],
    [`{"id":1}`, "a command must have a verb of the protocol"],
    [`{"id":1,"shout":{}}`, "a command must have a verb of the protocol"],
    [`{"id":1,"__proto__":{"rpc":{"method":"m"}}}`, "a command must have a verb of the protocol"],
    [`{"id":1,"rpc":{},"ping":{}}`, "a command must not have both rpc and ping"],
    [`{"id":1,"rpc":[]}`, "rpc must be an object"],
    [`{"id":1,"rpc":null}`, "rpc must be an object"],
    [`{"send":1}`, "send must be an object"],
    [`{"rpc":{}}`, ID],
    [`{"id":0,"ping":{}}`, ID],
    [`{"id":-1,"ping":{}}`, ID],
    [`{"id":1.5,"ping":{}}`, ID],
    [`{"id":4294967296,"ping":{}}`, ID],
    [`{"id":1e999,"ping":{}}`, "a command must hold only numbers that a double can be"],
    [`{"id":"1","ping":{}}`, ID],
    [`{"subscribe":{}}`, ID],
    [`{"id":1,"rpc":{"method":1}}`, "rpc.method must be a string"],
    [`{"id":1,"refresh":{"token":{}}}`, "refresh.token must be a string"],
    [`{"id":1,"connect":{"token":1}}`, "connect.token must be a string"],
    [`{"id":1,"connect":{"subs":[]}}`, "connect.subs must be an object"],
    [`{"id":1,"connect":{"subs":{"inbox":1}}}`, "connect.subs.inbox must be an object"],
    [
      `{"id":1,"connect":{"subs":{"inbox":{"recover":1}}}}`,
      "connect.subs.inbox.recover must be true or false",
    ],
    ...["-1", "0.5", "9007199254740992", `"1"`].map((offset): [string, string] => [
      `{"id":1,"connect":{"subs":{"inbox":{"recover":true,"offset":${offset},"epoch":"E"}}}}`,
      "connect.subs.inbox.offset must be an integer below 2^53",
    ]),
    [
      `{"id":1,"connect":{"subs":{"inbox":{"recover":true,"epoch":7}}}}`,
      "connect.subs.inbox.epoch must be a string",
    ],
  ];
  for (const [frame, message] of faults) {
    assert.throws(() => decode(frame), { name: "BadFrame", message }, String(frame));
  }
});

Deno.test("decode() accepts each bound and refuses what is one over", () => {
  const { maxBytes, maxCommands, maxDepth } = FRAME_LIMITS;
  const commands = (count: number) => Array(count).fill("{}").join("\n");
  const nested = (depth: number) => {
    const arrays = depth - 2;
    return `{"id":1,"rpc":{"method":"m","data":${"[".repeat(arrays)}${"]".repeat(arrays)}}}`;
  };
  const sized = (bytes: number, filler: string) => {
    const head = `{"send":{"data":"`, tail = `"}}`;
    const room = bytes - head.length - tail.length;
    const width = new TextEncoder().encode(filler).length;
    return head + filler.repeat(Math.floor(room / width)) + "x".repeat(room % width) + tail;
  };
  assert.equal(decode(commands(maxCommands)).length, maxCommands);
  assert.throws(() => decode(commands(maxCommands + 1)), /at most 100 commands/);
  assert.equal(decode(nested(maxDepth)).length, 1);
  assert.throws(() => decode(nested(maxDepth + 1)), /at most 32 deep/);
  for (const filler of ["x", "é", "€", "😀"]) {
    assert.equal(decode(sized(maxBytes, filler)).length, 1, filler);
    assert.throws(() => decode(sized(maxBytes + 1, filler)), /at most 65536 bytes/, filler);
  }
});

Deno.test("decode() counts no bracket inside a string, whatever is escaped there", () => {
  const brackets = "[{".repeat(50);
  for (
    const value of [brackets, `"${brackets}`, `\\${brackets}`, `\\"${brackets}\\`, "\\".repeat(9)]
  ) {
    const frame = JSON.stringify({ id: 1, rpc: { method: "m", data: [value] } });
    assert.deepEqual(decode(frame), [{ verb: "rpc", id: 1, method: "m", data: [value] }]);
  }
});

Deno.test("decode() measures depth before it parses: a bomb of brackets is refused", () => {
  for (
    const bomb of ["[".repeat(65_536), `{"a":`.repeat(13_000), `"[" `.repeat(3) + "[".repeat(40)]
  ) {
    assert.throws(() => decode(bomb), /at most 32 deep/);
  }
});

Deno.test("decode() returns the data of any rpc as it was sent", () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 6 }), fc.string(), (data, method) => {
    // What JSON itself cannot carry, -0, is normalised by a round trip.
    const sent = JSON.parse(JSON.stringify(data)) as JsonValue;
    const [command] = decode(JSON.stringify({ rpc: { method, data }, id: 9 }));
    assert.deepEqual(command, { verb: "rpc", id: 9, method, data: sent });
  }));
});

const fragment = fc.constantFrom(
  ...`{ } [ ] , : " \\ \n 1 -1 1e99 null true "id" "rpc" "connect" "send" "ping" "subs" "inbox"`
    .split(" "),
  `"__proto__"`,
  `"constructor"`,
  `"recover":true`,
  `"\\ud800"`,
  `{"id":1,"ping":{}}`,
);

Deno.test("decode() throws nothing but BadFrame, whatever the text, and leaves prototypes alone", () => {
  const prototype = Object.getOwnPropertyNames(Object.prototype);
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join("")),
    fc.json().map((json) => `{"id":1,"rpc":${json}}`),
    fc.dictionary(
      fc.constantFrom("id", "rpc", "connect", "send", "refresh", "__proto__"),
      fc.jsonValue(),
    )
      .map((command) => JSON.stringify(command)),
    fc.uint8Array().map((bytes) => new TextDecoder().decode(bytes)),
  );
  fc.assert(
    fc.property(text, (frame) => {
      try {
        for (const command of decode(frame)) assert.equal(typeof command.verb, "string");
      } catch (error) {
        assert.ok(error instanceof BadFrame, `${error}`);
        assert.ok(error.message.length <= 123, error.message);
      }
    }),
    { numRuns: 3_000 },
  );
  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), prototype);
});

const parsed = (frame: string | Uint8Array) => JSON.parse(frame as string);

Deno.test("reply() writes each kind of result under the command's id", () => {
  const replies: [Reply, JsonObject][] = [
    [{ rpc: { gsid: 16 } }, { rpc: { data: { gsid: 16 } } }],
    [{ rpc: null }, { rpc: { data: null } }],
    [{ ping: true }, { ping: {} }],
    [{ error: { code: 107, message: 'to "x"' } }, { error: { code: 107, message: 'to "x"' } }],
    [
      { error: { code: 100, message: "internal", temporary: true } },
      { error: { code: 100, message: "internal", temporary: true } },
    ],
    [
      { refresh: { client: "c", version: "1", ttl: 60 } },
      { refresh: { client: "c", version: "1", ttl: 60, expires: true } },
    ],
  ];
  for (const [sent, expected] of replies) {
    assert.deepEqual(parsed(reply(7, sent)), { id: 7, ...expected });
  }
});

Deno.test("reply() shows the inbox in every connect result, and recovery only when it was asked", () => {
  const result = { client: "c", version: "1", ttl: 60, ping: 25, data: { user: "ana" } };
  const subsOf = (recovered?: boolean) => {
    const inbox = { epoch: "E", offset: 16, ...(recovered !== undefined && { recovered }) };
    const { connect, id } = parsed(reply(1, { connect: { ...result, inbox } }));
    const { subs, ...rest } = connect;
    assert.equal(id, 1);
    assert.deepEqual(rest, { ...result, expires: true, pong: true });
    return subs;
  };
  const state = { recoverable: true, positioned: true, epoch: "E", offset: 16 };
  assert.deepEqual(subsOf(), { inbox: state });
  assert.deepEqual(subsOf(true), { inbox: { ...state, recovered: true, was_recovering: true } });
  assert.deepEqual(subsOf(false), { inbox: { ...state, recovered: false, was_recovering: true } });
});

Deno.test("push() wraps any event text unchanged, with an offset or without", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.option(fc.maxSafeNat(), { nil: undefined }), (event, offset) => {
      const text = JSON.stringify(event);
      const frame = push(text, offset);
      assert.ok((frame as string).includes(text));
      const pub = { data: JSON.parse(text), ...(offset !== undefined && { offset }) };
      assert.deepEqual(parsed(frame), { push: { channel: "inbox", pub } });
    }),
  );
});

Deno.test("join() puts one frame on a line, so that each can be read again", () => {
  const frames = [push(`{"body":"two\\nlines"}`, 16), jsonCodec.ping, reply(1, { rpc: "\n" })];
  const joined = jsonCodec.join(frames) as string;
  assert.deepEqual(joined.split("\n"), frames);
  assert.equal(jsonCodec.join([jsonCodec.ping]), jsonCodec.ping);
});

Deno.test("decode() refuses a number that no double can be, and no text that looks like one", () => {
  const rpc = (data: string) => `{"id":1,"rpc":{"method":"send","data":${data}}}`;
  for (const bad of ["1e400", "-1e999", '{"a":[1e309]}', `1${"0".repeat(309)}`]) {
    assert.throws(() => jsonCodec.decode(rpc(bad)), /must hold only numbers/);
  }
  for (const good of ['"1e400"', "1e300", `"${"9".repeat(400)}"`]) {
    assert.equal(jsonCodec.decode(rpc(good)).length, 1);
  }
});
