/**
 * The statements that append to the log.
 *
 * @module
 */

import type { ConversationId, UserId } from "shared/ids.ts";
import {
  addMembers,
  appendMessages,
  createGroup,
  type GroupCommand,
  type MessageItem,
  removeMembers,
} from "./append.ts";
import type { Statement } from "./statement.ts";

export const APPEND_STATEMENTS: readonly Statement[] = [
  {
    says: "from append_messages(",
    kind: "append",
    run: ({ tables, values, lockedMs }) => [
      { rows: appendMessages(tables, itemsOf(values as string[]), lockedMs) },
    ],
  },
  {
    says: "from create_group(",
    kind: "append",
    run: ({ tables, values, lockedMs }) => [createGroup(tables, groupOf(values), lockedMs)],
  },
  {
    says: "from add_members(",
    kind: "append",
    run: ({ tables, values, lockedMs }) => [addMembers(tables, groupOf(values), lockedMs)],
  },
  {
    says: "from remove_members(",
    kind: "append",
    run: ({ tables, values, lockedMs }) => [
      removeMembers(tables, { ...groupOf(values), leaving: values[5] as boolean }, lockedMs),
    ],
  },
];

/** Columns as texts of lines, of which the last ends with a line break too. */
function itemsOf(columns: string[]): MessageItem[] {
  const [senders, ids, digests, kinds, conversations, firsts, seconds, fields] = columns
    .map((text) => text.split("\n").slice(0, -1));
  return senders!.map((sender, n) => ({
    sender: sender as UserId | "",
    id: ids![n]!,
    digest: digests![n]!,
    kind: kinds![n] as MessageItem["kind"],
    conversation: conversations![n] as ConversationId,
    a: (firsts![n] || undefined) as UserId | undefined,
    b: (seconds![n] || undefined) as UserId | undefined,
    fields: fields![n]!,
  }));
}

function groupOf([operation, group, conversation, by, users]: readonly unknown[]): GroupCommand {
  return { operation, group, conversation, by, users } as GroupCommand;
}
