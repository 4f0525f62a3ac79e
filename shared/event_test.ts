import assert from "node:assert/strict";
import fc from "fast-check";
import { anyEvent } from "testing/arbitraries.ts";
import { renderEvent, sharedTopicOf, type StoredEvent, topicsOf } from "./event.ts";
import { atOfGsid } from "./gsid.ts";
import { directConversation, groupConversation, type GroupId, type UserId } from "./ids.ts";

const [ana, ben, cat] = ["ana", "ben", "cat"] as UserId[] as [UserId, UserId, UserId];
const message: StoredEvent = {
  gsid: 4096 * 16,
  type: "message",
  conversation: directConversation(ana, ben),
  prev: 16,
  fields: `{"id":"m1","from":"ana","body":{"text":"hi"}}`,
  inboxes: [ana, ben],
};

Deno.test("renderEvent() shows an event as clients get it", () => {
  assert.deepEqual(JSON.parse(renderEvent(message)), {
    type: "message",
    gsid: 65_536,
    conversation: "dm:ana:ben",
    at: "2025-01-01T00:00:00.016Z",
    prev: 16,
    id: "m1",
    from: "ana",
    body: { text: "hi" },
  });
});

Deno.test("renderEvent() is one line of JSON with every field, for any event", () => {
  fc.assert(fc.property(anyEvent(), (event) => {
    const text = renderEvent(event);
    assert.ok(!text.includes("\n"));
    const { type, gsid, conversation, prev } = event;
    const columns = { type, gsid, conversation, at: atOfGsid(gsid), prev };
    // Both sides by JSON.parse: "__proto__" is a field like any other there.
    const fields = JSON.parse(event.fields);
    const rendered = JSON.parse(text);
    assert.deepEqual(
      new Set(Object.keys(rendered)),
      new Set(Object.keys({ ...columns, ...fields })),
    );
    for (const [name, value] of Object.entries({ ...columns, ...fields })) {
      assert.deepEqual(Object.entries(rendered).find(([key]) => key === name)?.[1], value, name);
    }
  }));
});

Deno.test("topicsOf() tells both of a direct conversation, by their inboxes", () => {
  assert.deepEqual(topicsOf(message), ["user-inbox-ana", "user-inbox-ben"]);
});

Deno.test("topicsOf() tells a group once, and those whom a change concerns by their inboxes too", () => {
  const conversation = groupConversation("g" as GroupId);
  assert.deepEqual(topicsOf({ conversation, inboxes: [] }), ["group-chat-g"]);
  assert.deepEqual(topicsOf({ conversation, inboxes: [cat] }), ["group-chat-g", "user-inbox-cat"]);
});

Deno.test("topicsOf() tells everybody of an alert at once", () => {
  assert.deepEqual(topicsOf({ conversation: "system" as never, inboxes: [] }), ["system-alerts"]);
});

Deno.test("topicsOf() names each topic once, the shared one first, for any event", () => {
  fc.assert(fc.property(anyEvent(), (event) => {
    const inboxes = [...new Set(event.inboxes)];
    const topics = topicsOf({ ...event, inboxes });
    const shared = sharedTopicOf(event.conversation);
    assert.equal(new Set(topics).size, topics.length);
    assert.equal(topics.length, inboxes.length + (shared ? 1 : 0));
    if (shared) assert.equal(topics[0], shared);
  }));
});
