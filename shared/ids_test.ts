import assert from "node:assert/strict";
import fc from "fast-check";
import { anyId } from "testing/arbitraries.ts";
import {
  compareBytes,
  directConversation,
  faultInId,
  groupConversation,
  type GroupId,
  MAX_ID_BYTES,
  parseConversation,
  parseId,
  SYSTEM_CONVERSATION,
  type UserId,
} from "./ids.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

Deno.test("faultInId() accepts any visible text of at most 128 bytes, and says why not", () => {
  const ids = ["a", ".", " ", "*", ">", "😀", "ana@example.org", "é".repeat(64), "x".repeat(128)];
  for (const id of ids) assert.equal(faultInId(id), undefined, id);
  const faults: [unknown, RegExp][] = [
    [undefined, /a string/],
    [7, /a string/],
    ["", /empty/],
    ["\ud800", /well-formed/],
    ["a\nb", /control/],
    ["a\u0000", /control/],
    ["\u0085", /control/],
    ["x".repeat(129), /128 bytes/],
    ["é".repeat(65), /128 bytes/],
    ["😀".repeat(33), /128 bytes/],
  ];
  for (const [value, words] of faults) assert.match(faultInId(value)!, words, String(value));
});

Deno.test("faultInId() agrees with the definition for any text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 140 }), (text) => {
    const isId = text !== "" && text.isWellFormed() && !/\p{Cc}/u.test(text) &&
      bytesOf(text).length <= MAX_ID_BYTES;
    assert.equal(faultInId(text) === undefined, isId);
  }));
});

Deno.test("parseId() names the field of a bad id", () => {
  assert.equal(parseId<UserId>("ana", "user"), "ana");
  assert.throws(() => parseId<UserId>("", "user"), new RangeError("user must not be empty"));
});

Deno.test("directConversation() is the same from both sides, and read back to both users", () => {
  fc.assert(fc.property(anyId<UserId>(), anyId<UserId>(), (a, b) => {
    const conversation = directConversation(a, b);
    assert.equal(directConversation(b, a), conversation);
    const parsed = parseConversation(conversation);
    const users = [a, b].toSorted(compareBytes);
    assert.deepEqual(parsed, { kind: "direct", users });
  }));
});

Deno.test("groupConversation() is read back to its group", () => {
  fc.assert(fc.property(anyId<GroupId>(), (group) => {
    assert.deepEqual(parseConversation(groupConversation(group)), { kind: "group", group });
  }));
});

Deno.test("parseConversation() reads back nothing but what the others write", () => {
  assert.deepEqual(parseConversation(SYSTEM_CONVERSATION), { kind: "system" });
  const others = [
    "",
    "dm",
    "dm:a",
    "dm:a:b:c",
    "dm:b:a",
    "dm::a",
    "dm:%61:b",
    "dm:%:b",
    "dm:%ff:b",
    "dm:a%0ab:c",
    "group:",
    "group:a b",
    "group:a:b",
    "group:%e9",
    "group:%F0%9F%98",
    "System",
    "system:",
  ];
  for (const id of others) assert.equal(parseConversation(id), undefined, id);
  const part = fc.constantFrom("dm", "group", "system", ":", "%", "%41", "a", "é", "%C3%A9");
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.array(part).map((p) => p.join("")));
  fc.assert(fc.property(text, (id) => {
    const parsed = parseConversation(id);
    if (parsed?.kind === "direct") assert.equal(directConversation(...parsed.users), id);
    if (parsed?.kind === "group") assert.equal(groupConversation(parsed.group), id);
  }));
});

Deno.test("compareBytes() orders as the bytes of UTF-8 do, where UTF-16 would not", () => {
  assert.ok(compareBytes("\uffee", "😀") < 0 && "\uffee" > "😀");
  fc.assert(fc.property(anyId<UserId>(), anyId<UserId>(), (a, b) => {
    const byBytes = Math.sign(compareBytes(a, b));
    const hex = (text: string) => bytesOf(text).toHex();
    assert.equal(byBytes, hex(a) < hex(b) ? -1 : hex(a) > hex(b) ? 1 : 0);
    assert.equal(Math.sign(compareBytes(b, a)), -byBytes === 0 ? 0 : -byBytes);
  }));
});
