/**
 * The functions of the database that append: a batch of messages, or one change of a group.
 *
 * Invariant: as in `origin/store/migrations`, each runs alone and at once, under the lock.
 *
 * @module
 */

import { type Gsid, GSID_STEP } from "shared/gsid.ts";
import type { ConversationId, UserId } from "shared/ids.ts";
import { type ConversationRow, type EventRow, newConversation, type Tables } from "./tables.ts";

export interface MessageItem {
  sender: UserId | "";
  id: string;
  digest: string;
  kind: "direct" | "group" | "system";
  conversation: ConversationId;
  a: UserId | undefined;
  b: UserId | undefined;
  fields: string;
}

type Placed = [
  outcome: string,
  ...[gsid: Gsid, prev: Gsid, membership: Gsid, members: number, woke: Gsid],
];

/** When it is, and how many gsids without an event are a long silence. */
export interface AppendTerms {
  nowMs: number;
  silence: Gsid;
}

export function appendMessages(
  tables: Tables,
  items: MessageItem[],
  { nowMs, silence }: AppendTerms,
): Placed[] {
  const first = tables.nextGsid(nowMs);
  // What the statement read before it stored anything.
  const conversations = items.map(({ conversation }) => ({
    ...tables.conversations.get(conversation) ?? newConversation("direct", null),
  }));
  const known = items.map(({ sender, id }) => tables.sent.get(`${sender}\n${id}`));
  const placed = items.map((item, n): Placed => {
    const gsid = first + GSID_STEP * n;
    const { membership, members, woke } = conversations[n]!;
    const before = known[n];
    if (before) {
      const outcome = before.digest === item.digest ? "duplicate" : "conflict";
      return [outcome, before.gsid, before.prev, membership, members, woke];
    }
    const isStranger = item.kind === "group" &&
      tables.roleIn(item.conversation, item.sender as UserId) === undefined;
    if (isStranger) return ["stranger", gsid, 0, membership, members, woke];
    const prev = storeMessage(tables, item, gsid, silence);
    const { woke: now } = tables.conversations.get(item.conversation)!;
    return ["stored", gsid, prev, membership, members, now];
  });
  tables.last = first + GSID_STEP * (items.length - 1);
  return placed;
}

function storeMessage(tables: Tables, item: MessageItem, gsid: Gsid, silence: Gsid): Gsid {
  const { sender, id, digest, kind, conversation, a, b, fields } = item;
  const inboxes = [a, b].filter((user) => user !== undefined);
  let row = tables.conversations.get(conversation);
  if (!row) {
    row = { ...newConversation(kind, null), created: gsid };
    tables.conversations.set(conversation, row);
    tables.members.set(
      conversation,
      inboxes.map((user) => ({ user, role: "member", joined: gsid, left: null })),
    );
  }
  const { last: prev, membership } = row;
  if (kind === "group") wake(row, gsid, silence);
  row.last = gsid;
  tables.sent.set(`${sender}\n${id}`, { digest, gsid, prev });
  const type = kind === "system" ? "alert" : "message";
  const event = { gsid, type, conversation, prev, fields, inboxes, membership } as const;
  tables.store({ ...event, sender: sender === "" ? null : sender });
  return prev;
}

function wake(row: ConversationRow, gsid: Gsid, silence: Gsid): void {
  if (gsid - row.last > silence) row.woke = gsid;
}

export interface GroupCommand {
  operation: string;
  group: string;
  conversation: ConversationId;
  by: UserId;
  users: UserId[];
}

interface Changed {
  outcome: string;
  gsid: Gsid | null;
}

export function createGroup(
  tables: Tables,
  command: GroupCommand,
  { nowMs }: Pick<AppendTerms, "nowMs">,
): Changed {
  const { conversation, by, users } = command;
  const done = appendedBy(tables, command);
  if (done) return done;
  const existing = tables.conversations.get(conversation);
  if (existing) {
    if (existing.creator !== by) return { outcome: "exists", gsid: null };
    if (existing.members > 0) return { outcome: "unchanged", gsid: existing.created };
  } else tables.conversations.set(conversation, newConversation("group", by));
  const terms = { nowMs, silence: Infinity };
  const gsid = appendChange(tables, command, "group.created", users, users.length, terms);
  tables.conversations.get(conversation)!.created = gsid;
  const roleOf = (user: UserId) => user === by ? "owner" as const : "member" as const;
  tables.members.set(conversation, [
    // Of a group that everybody has left, and that is made again.
    ...tables.membersOf(conversation),
    ...users.map((user) => ({ user, role: roleOf(user), joined: gsid, left: null })),
  ]);
  return { outcome: "stored", gsid };
}

export function addMembers(tables: Tables, command: GroupCommand, terms: AppendTerms): Changed {
  const { conversation, by, users } = command;
  const done = appendedBy(tables, command);
  if (done) return done;
  const role = tables.roleIn(conversation, by);
  if (role === undefined) return { outcome: "stranger", gsid: null };
  if (role === "member") return { outcome: "denied", gsid: null };
  const newcomers = users.filter((user) => tables.roleIn(conversation, user) === undefined);
  if (newcomers.length === 0) return unchanged(tables, conversation);
  const gsid = appendChange(
    tables,
    command,
    "group.joined",
    newcomers,
    newcomers.length,
    terms,
  );
  const rows = newcomers.map((user) => ({
    user,
    role: "member" as const,
    joined: gsid,
    left: null,
  }));
  tables.members.set(conversation, [...tables.membersOf(conversation), ...rows]);
  return { outcome: "stored", gsid };
}

export function removeMembers(
  tables: Tables,
  command: GroupCommand & { leaving: boolean },
  terms: AppendTerms,
): Changed {
  const { conversation, by, users, leaving } = command;
  const done = appendedBy(tables, command);
  if (done) return done;
  const role = tables.roleIn(conversation, by);
  if (role === undefined) return { outcome: "stranger", gsid: null };
  if (role === "member" && !leaving) return { outcome: "denied", gsid: null };
  const leavers = users.filter((user) => tables.roleIn(conversation, user) !== undefined);
  if (leavers.length === 0) return unchanged(tables, conversation);
  const takesOwner = leavers.some((user) => tables.roleIn(conversation, user) === "owner");
  if (role !== "owner" && takesOwner) return { outcome: "denied", gsid: null };
  const current = tables.membersOf(conversation).filter(({ left }) => left === null);
  const rest = current.filter(({ user }) => !leavers.includes(user));
  if (rest.length > 0 && !rest.some((row) => row.role === "owner")) {
    return { outcome: "last_owner", gsid: null };
  }
  const gsid = appendChange(tables, command, "group.left", leavers, -leavers.length, terms);
  for (const row of current) if (leavers.includes(row.user)) row.left = gsid;
  return { outcome: "stored", gsid };
}

function appendedBy(tables: Tables, { operation }: GroupCommand): Changed | undefined {
  const before = tables.sent.get(`\n${operation}`);
  return before && { outcome: "stored", gsid: before.gsid };
}

function unchanged(tables: Tables, conversation: ConversationId): Changed {
  return { outcome: "unchanged", gsid: tables.conversations.get(conversation)!.membership };
}

function appendChange(
  tables: Tables,
  { operation, group, conversation, by }: GroupCommand,
  type: EventRow["type"],
  users: UserId[],
  membersChange: number,
  { nowMs, silence }: AppendTerms,
): Gsid {
  const gsid = tables.nextGsid(nowMs);
  const row = tables.conversations.get(conversation)!;
  const { last: prev, membership } = row;
  const fields = `{"group":${JSON.stringify(group)},"by":${JSON.stringify(by)},"members":${
    JSON.stringify(users)
  }}`;
  const event = { gsid, type, conversation, prev, sender: by, fields, inboxes: users, membership };
  tables.store(event);
  tables.sent.set(`\n${operation}`, { digest: "", gsid, prev });
  wake(row, gsid, silence);
  row.last = row.membership = gsid;
  row.members += membersChange;
  tables.last = gsid;
  return gsid;
}
