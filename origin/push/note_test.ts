import assert from "node:assert/strict";
import * as fc from "fast-check";
import { gsidAt } from "shared/gsid.ts";
import { type ConversationId, directConversation, faultInId, type UserId } from "shared/ids.ts";
import { apnsPayload } from "./gateway/apns.ts";
import { fcmMessage } from "./gateway/fcm.ts";
import { MAX_PREVIEW_LENGTH, noteOf } from "./note.ts";

const AT = Date.parse("2026-11-01T00:00:00Z");
const TTL_MS = 86_400_000;

function noteWith(text: unknown, { from = "ana", conversation = "dm:ana:ben", user = "ben" } = {}) {
  const fields = JSON.stringify({ id: "m", from, body: { text, secret: "hush" } });
  const event = { gsid: gsidAt(AT), conversation: conversation as ConversationId, fields };
  return noteOf(event, user as UserId, TTL_MS);
}

Deno.test("noteOf() previews the text and nothing else of the body", () => {
  const note = noteWith("  see you\n\n at  eight ");
  assert.equal(note.text, "see you at eight");
  assert.equal(note.title, "ana");
  assert.equal(note.expiresAtMs, AT + TTL_MS);
  assert.doesNotMatch(JSON.stringify(note), /hush/);
});

Deno.test("noteOf() says that there is a message when there is no text", () => {
  for (const text of [undefined, null, 7, {}, "", " \n "]) {
    assert.equal(noteWith(text).text, "New message");
  }
});

Deno.test("noteOf() cuts a long text without halving a character", () => {
  const note = noteWith("😀".repeat(300));
  assert.ok(note.text.length <= MAX_PREVIEW_LENGTH);
  assert.match(note.text, /^(😀)+…$/u);
});

Deno.test("noteOf() replaces by conversation, and a repeat is the same note", () => {
  assert.deepEqual(noteWith("a"), noteWith("a"));
  assert.equal(noteWith("a").collapse, noteWith("b").collapse);
  const elsewhere = noteWith("a", { conversation: "group:g" });
  assert.notEqual(noteWith("a").collapse, elsewhere.collapse);
  assert.ok(elsewhere.collapse.length <= 64);
});

Deno.test("a note is below 4 KB for every provider, whatever the ids and the text", () => {
  const unit = fc.constantFrom('"', "\\", "a", "é", "😀", "\u2028", "\ud800");
  const id = fc.string({ unit: fc.constantFrom('"', "\\", "a", "é", "😀", "%"), minLength: 1 })
    .map((text) => text.repeat(128)).map((text) => {
      while (faultInId(text)) text = [...text].slice(0, -1).join("");
      return text as UserId;
    });
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  fc.assert(fc.property(id, id, fc.string({ unit, maxLength: 2000 }), (from, user, text) => {
    const note = noteWith(text, { from, user, conversation: directConversation(from, user) });
    assert.ok(bytes(apnsPayload(note)) <= 4096);
    const { notification, data } = fcmMessage("t", note, AT);
    assert.ok(bytes(JSON.stringify({ notification, data })) <= 4096);
  }));
});
