/**
 * The statements that append to the log.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import type { ConversationId, DeviceId, UserId } from "shared/ids.ts";
import {
  addMembers,
  appendMessages,
  type AppendTerms,
  createGroup,
  type GroupCommand,
  type MessageItem,
  removeMembers,
} from "./append.ts";
import type { Running, Statement } from "./statement.ts";

export const APPEND_STATEMENTS: readonly Statement[] = [
  {
    says: "from append_messages(",
    kind: "append",
    run: (running) => [{
      rows: appendMessages(running.tables, itemsOf(running.values), termsOf(running)),
    }],
  },
  {
    says: "from create_group(",
    kind: "append",
    run: (running) => [
      createGroup(running.tables, groupOf(running.values), { nowMs: running.lockedMs }),
    ],
  },
  {
    says: "from add_members(",
    kind: "append",
    run: (running) => [
      addMembers(running.tables, groupOf(running.values), termsOf(running)),
    ],
  },
  {
    says: "from remove_members(",
    kind: "append",
    run: (running) => {
      const leaving = running.values[5] as boolean;
      const command = { ...groupOf(running.values), leaving };
      return [removeMembers(running.tables, command, termsOf(running))];
    },
  },
  {
    says: "select revoke_tokens(",
    kind: "append",
    run: (running) => [{ moment: revokeTokens(running) }],
  },
];

function revokeTokens({ tables, watch, values, lockedMs }: Running): number {
  const [user, device, before] = values as [UserId, DeviceId | "", number | null];
  const beforeMs = before ?? Math.floor(lockedMs);
  const { revocations } = tables;
  const known = revocations.momentOf(user, device);
  if (known !== undefined && known >= beforeMs) return known;
  const revocation = { user, device, beforeMs, gsid: tables.nextGsid(lockedMs) };
  revocations.add(revocation);
  tables.last = revocation.gsid;
  watch.revoked(revocation);
  return beforeMs;
}

/** Columns as texts of lines, of which the last ends with a line break too. */
function itemsOf(values: readonly unknown[]): MessageItem[] {
  const columns = values.slice(0, -1) as string[];
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

/** The last value is what the caller takes for a long silence. */
function termsOf({ values, lockedMs }: Running): AppendTerms {
  return { nowMs: lockedMs, silence: values.at(-1) as Gsid };
}
