import assert from "node:assert/strict";
import fc from "fast-check";
import { anyId } from "testing/arbitraries.ts";
import { faultInId, type GroupId, type UserId } from "./ids.ts";
import {
  CHAT_STREAM,
  decodeToken,
  encodeToken,
  groupTopic,
  inboxTopic,
  parseTopic,
  subjectOf,
  SYSTEM_ALERTS,
  type TopicKey,
  topicOfSubject,
} from "./topic.ts";

const SAFE = /^[A-Za-z0-9_~-]+$/;

Deno.test("encodeToken() is one safe subject token, and read back to the same id", () => {
  fc.assert(fc.property(anyId<UserId>(), (id) => {
    const token = encodeToken(id);
    assert.match(token, SAFE);
    assert.ok(token.length <= 384, `${token.length}`);
    assert.equal(decodeToken(token), id);
  }));
});

Deno.test("encodeToken() keeps within 384 characters for the longest ids", () => {
  for (const id of [".".repeat(128), "😀".repeat(32), "é".repeat(64), "x".repeat(128)]) {
    assert.equal(faultInId(id), undefined);
    assert.ok(encodeToken(id).length <= 384);
  }
});

Deno.test("encodeToken() gives different ids different tokens", () => {
  fc.assert(fc.property(anyId<UserId>(), anyId<UserId>(), (a, b) => {
    assert.equal(encodeToken(a) === encodeToken(b), a === b);
  }));
  // Composed and decomposed forms look the same, and are two ids.
  assert.notEqual(encodeToken("\u00e9"), encodeToken("e\u0301"));
  // What an encoded id looks like is an id too.
  assert.equal(encodeToken("a.b"), "a~2eb");
  assert.equal(encodeToken("a~2eb"), "a~7e2eb");
});

Deno.test("decodeToken() accepts only what encodeToken() writes", () => {
  const refused = [
    "",
    "~",
    "~2",
    "~2E",
    "~zz",
    "~61",
    "a.b",
    "a b",
    "*",
    "é",
    "~ff",
    "~0a",
    "~ef~bb",
  ];
  for (const token of [...refused, "x".repeat(129)]) {
    assert.equal(decodeToken(token), undefined, token);
  }
  assert.equal(decodeToken("~ef~bb~bfa"), "\ufeffa", "a byte order mark is part of an id");
  fc.assert(fc.property(fc.string({ unit: "binary" }), (token) => {
    const id = decodeToken(token);
    if (id !== undefined) assert.equal(encodeToken(id), token);
  }));
});

const anyTopic: fc.Arbitrary<TopicKey> = fc.oneof(
  anyId<UserId>().map(inboxTopic),
  anyId<GroupId>().map(groupTopic),
  fc.constant<TopicKey>(SYSTEM_ALERTS),
);

Deno.test("a topic key is read back to what it was made of", () => {
  assert.deepEqual(parseTopic("user-inbox-ana"), { kind: "user-inbox", user: "ana" });
  assert.deepEqual(parseTopic("group-chat-a-b"), { kind: "group-chat", group: "a-b" });
  assert.deepEqual(parseTopic("system-alerts"), { kind: "system-alerts" });
  fc.assert(fc.property(anyId<UserId>(), (user) => {
    assert.deepEqual(parseTopic(inboxTopic(user)), { kind: "user-inbox", user });
  }));
  for (const key of ["", "user-inbox-", "group-chat-\n", "group-chat", "system-alerts-x", "x"]) {
    assert.equal(parseTopic(key), undefined, key);
  }
});

Deno.test("subjectOf() makes a valid subject that the stream captures, and that names its topic", () => {
  const [captured] = CHAT_STREAM.subjects;
  assert.equal(captured, "chat.>");
  fc.assert(fc.property(anyTopic, (topic) => {
    const subject = subjectOf(topic);
    const tokens = subject.split(".");
    assert.equal(tokens[0], "chat");
    assert.ok(tokens.length === 2 || tokens.length === 3);
    for (const token of tokens) assert.match(token, SAFE);
    assert.equal(topicOfSubject(subject), topic);
  }));
});

Deno.test("subjectOf() gives different topics different subjects", () => {
  fc.assert(fc.property(anyTopic, anyTopic, (a, b) => {
    assert.equal(subjectOf(a) === subjectOf(b), a === b);
  }));
  assert.throws(() => subjectOf("user-inbox-" as TopicKey), RangeError);
});

Deno.test("topicOfSubject() knows no subject but ours", () => {
  const foreign = [
    "",
    "chat",
    "chat.user-inbox",
    "chat.user-inbox.",
    "chat.user-inbox.a.b",
    "chat.user-inbox.*",
    "chat.user-inbox.>",
    "chat.room.a",
    "chat.system-alerts.a",
    "rpc.send",
    "CHAT.user-inbox.a",
  ];
  for (const subject of foreign) assert.equal(topicOfSubject(subject), undefined, subject);
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const topic = topicOfSubject(`chat.group-chat.${text}`);
    if (topic) assert.equal(subjectOf(topic), `chat.group-chat.${text}`);
  }));
});
