import assert from "node:assert/strict";
import type { JsonValue } from "shared/event.ts";
import type { DeviceId, UserId } from "shared/ids.ts";
import type { Sql } from "../store/sql.ts";
import { dispatch } from "./dispatch.ts";
import type { Parts } from "./method.ts";

const untouched = () => {
  throw new Error("nothing may be read or written for a bad request");
};
const parts: Parts = {
  sql: untouched as unknown as Sql,
  committer: { append: untouched, change: untouched },
  presence: { lookup: untouched },
  maxUserGroups: 1,
};
const caller = { user: "ana" as UserId, device: "phone" as DeviceId };

function nested(depth: number): JsonValue {
  return depth === 0 ? 1 : { a: nested(depth - 1) };
}

const send = (changes: object) => ({ to: { user: "bo" }, id: "m", body: {}, ...changes });
const long = "é".repeat(65);

const TABLE: [method: string, data: JsonValue, code: number, message: RegExp][] = [
  ["send", null, 107, /^data must be object/],
  ["send", [], 107, /^data must be object/],
  ["send", {}, 107, /^to is missing/],
  ["send", send({ to: {} }), 107, /^to must name either/],
  ["send", send({ to: { user: "a", group: "b" } }), 107, /^to must name either/],
  ["send", send({ to: { user: 7 } }), 107, /^to\.user must be string/],
  ["send", send({ to: { user: "" } }), 107, /^to\.user must not be empty/],
  ["send", send({ to: { group: long } }), 107, /^to\.group must be at most 128 bytes/],
  ["send", send({ id: "a\nb" }), 107, /^id must not hold control characters/],
  ["send", send({ id: "\ud800" }), 107, /^id must be well-formed/],
  ["send", send({ body: "text" }), 107, /^body must be object/],
  ["send", send({ body: [] }), 107, /^body must be object/],
  ["send", send({ body: { text: "a\0b" } }), 107, /^body must not hold NUL/],
  ["send", send({ body: { "\0": 1 } }), 107, /^body must not hold NUL/],
  ["send", send({ body: { a: ["\udc00"] } }), 107, /^body must be well-formed/],
  ["send", send({ body: JSON.parse('{"a":1e999}') }), 107, /^body must hold only numbers/],
  ["send", send({ body: nested(17) }), 107, /^body must be at most 16 levels/],
  ["send", send({ body: { text: "x".repeat(16_374) } }), 4002, /16384 bytes/],
  ["send", send({ body: { text: "é".repeat(8_190) } }), 4002, /16384 bytes/],
  ["history", {}, 107, /^conversation is missing/],
  ["history", { conversation: "system", before: 1, after: 1 }, 107, /^before and after/],
  ["history", { conversation: "system", limit: 201 }, 107, /^limit must be <= 200/],
  ["history", { conversation: "system", limit: 0 }, 107, /^limit must be >= 1/],
  ["history", { conversation: "system", after: -1 }, 107, /^after must be >= 0/],
  ["history", { conversation: "system", after: 1.5 }, 107, /^after must be integer/],
  ["history", { conversation: "dm:b:a" }, 4001, /unknown conversation/],
  ["history", { conversation: "group:%" }, 4001, /unknown conversation/],
  ["conversations", { after: "x" }, 107, /^after must be integer/],
  ["presence", { users: [] }, 107, /^users must not have fewer than 1/],
  ["presence", { users: Array.from({ length: 101 }, String) }, 107, /^users must not have more/],
  ["presence", { users: ["a", ""] }, 107, /^users\.1 must not be empty/],
  ["group.create", { group: "g", name: "a\0" }, 107, /^name must not hold NUL/],
  ["group.create", { group: "g", name: "é".repeat(129) }, 107, /^name must be at most 256/],
  ["group.create", { group: "g", members: [1] }, 107, /^members\.0 must be string/],
  ["group.add", { group: "g" }, 107, /^members is missing/],
  ["group.remove", { members: ["a"] }, 107, /^group is missing/],
  ["group.leave", {}, 107, /^group is missing/],
  ["group.get", { group: null }, 107, /^group must be string/],
  ["device.register", {}, 107, /^platform/],
  ["read", {}, 104, /method not found/],
  ["constructor", {}, 104, /method not found/],
  ["__proto__", {}, 104, /method not found/],
];

for (const [method, data, code, message] of TABLE) {
  const shown = JSON.stringify(data).slice(0, 60);
  Deno.test(`dispatch() answers ${code} to ${method} ${shown} ${message.source}`, async () => {
    const answer = await dispatch(parts, { ...caller, method, data });
    assert.ok("error" in answer);
    assert.equal(answer.error.code, code);
    assert.match(answer.error.message, message);
    assert.equal(answer.error.temporary, undefined);
  });
}

Deno.test("dispatch() takes a body at its bounds", async () => {
  const bodies = [{ text: "x".repeat(16_373) }, nested(16), { "\\u0000": "\\ud800" }];
  for (const body of bodies) {
    const committer = {
      ...parts.committer,
      append: () => Promise.resolve({ outcome: "busy" as const }),
    };
    const answer = await dispatch({ ...parts, committer }, {
      ...caller,
      method: "send",
      data: send({ body }),
    });
    assert.deepEqual("error" in answer && answer.error.code, 111);
  }
});
