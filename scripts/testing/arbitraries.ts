/**
 * Random values of the project's own types, for properties that must hold of all of them.
 *
 * @module
 */

import fc from "fast-check";
import type { EventType, StoredEvent } from "shared/event.ts";
import {
  type ConversationId,
  type DeviceId,
  directConversation,
  faultInId,
  groupConversation,
  type GroupId,
  type MessageId,
  SYSTEM_CONVERSATION,
  type UserId,
} from "shared/ids.ts";
import { type Gsid, GSID_STEP } from "shared/gsid.ts";

const NASTY = [".", "*", ">", "~", "-", "_", " ", ":", "%", "~2e", "é", "😀", "\uffee", "a", "0"];

/** Any id, those that look like wildcards, escapes and separators among them. */
export function anyId<Id extends UserId | GroupId | DeviceId | MessageId>(): fc.Arbitrary<Id> {
  const unit = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: "binary", maxLength: 4 }));
  return fc.array(unit, { minLength: 1, maxLength: 40 })
    .map((units) => units.join(""))
    .filter((text) => faultInId(text) === undefined) as fc.Arbitrary<string> as fc.Arbitrary<Id>;
}

export function anyGsid(): fc.Arbitrary<Gsid> {
  const last = Math.floor(Number.MAX_SAFE_INTEGER / GSID_STEP / 1000);
  return fc.integer({ min: 1, max: last }).map((n) => n * GSID_STEP);
}

export function anyConversation(): fc.Arbitrary<ConversationId> {
  return fc.oneof(
    fc.tuple(anyId<UserId>(), anyId<UserId>()).map(([a, b]) => directConversation(a, b)),
    anyId<GroupId>().map(groupConversation),
    fc.constant(SYSTEM_CONVERSATION),
  );
}

const TYPES: EventType[] = [
  "message",
  "group.created",
  "group.joined",
  "group.left",
  "alert",
];
/** What the columns of an event say already: its fields never repeat them. */
const COLUMNS = ["type", "gsid", "conversation", "at", "prev"];

/** Any event as it is stored, whatever its fields hold. */
export function anyEvent(): fc.Arbitrary<StoredEvent> {
  const fields = fc.dictionary(fc.string().filter((key) => !COLUMNS.includes(key)), fc.jsonValue());
  return fc.record({
    gsid: anyGsid(),
    type: fc.constantFrom(...TYPES),
    conversation: anyConversation(),
    prev: fc.oneof(fc.constant(0), anyGsid()),
    fields: fields.map((value) => JSON.stringify(value)),
    inboxes: fc.array(anyId<UserId>(), { maxLength: 4 }),
  }, { noNullPrototype: true });
}
