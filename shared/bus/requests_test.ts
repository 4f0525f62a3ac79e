import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue } from "shared/event.ts";
import type { DeviceId, UserId } from "shared/ids.ts";
import {
  ANNOUNCE,
  BUS_VERSION,
  type Call,
  decodeMessage,
  encodeMessage,
  encodeSendBatch,
  REQUEST,
  type SendBatch,
} from "./requests.ts";

const utf8 = new TextEncoder();
const caller = { user: "ana" as UserId, device: "phone" as DeviceId };

Deno.test("a bus message is read back with its version, whatever the client's data", () => {
  fc.assert(fc.property(fc.json(), fc.string(), (json, method) => {
    const call: Omit<Call, "v"> = { ...caller, method, data: JSON.parse(json) as JsonValue };
    assert.deepEqual(decodeMessage<Call>(encodeMessage<Call>(call)), { v: BUS_VERSION, ...call });
  }));
});

Deno.test("a batch of sends that are text already is the same message", () => {
  fc.assert(fc.property(fc.array(fc.json()), (data) => {
    const sends = data.map((json) => ({ ...caller, data: JSON.parse(json) as JsonValue }));
    const texts = sends.map((send) => JSON.stringify(send));
    assert.deepEqual(
      decodeMessage<SendBatch>(encodeSendBatch(texts)),
      decodeMessage<SendBatch>(encodeMessage<SendBatch>({ sends })),
    );
  }));
});

Deno.test("decodeMessage() keeps fields of a newer release, and refuses another version", () => {
  const decode = (text: string) => decodeMessage(utf8.encode(text));
  assert.deepEqual(decode(`{"v":1,"newer":[1]}`), { v: 1, newer: [1] });
  for (const text of [`{"v":2}`, `{}`, `null`, `[]`, `1`, `"v"`, `{"v":"1"}`]) {
    assert.throws(
      () => decode(text),
      new RangeError("Cannot read a bus message: it is not of version 1"),
    );
  }
  for (const text of ["", "{", `{"v":1}x`]) assert.throws(() => decode(text), /it is not JSON/);
});

Deno.test("decodeMessage() throws nothing but RangeError, whatever the bytes", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    assert.throws(() => decodeMessage(bytes), RangeError);
  }));
});

Deno.test("no two kinds of bus message share a subject", () => {
  const subjects = [...Object.values(REQUEST), ...Object.values(ANNOUNCE)];
  assert.equal(new Set(subjects).size, subjects.length);
  for (const subject of subjects) assert.match(subject, /^(rpc|edge|origin)\.[a-z-]+$/);
});
