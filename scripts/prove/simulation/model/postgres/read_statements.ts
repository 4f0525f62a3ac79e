/**
 * The statements that read events, memberships and intervals.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import type { ConversationId, DeviceId, UserId } from "shared/ids.ts";
import * as reads from "./reads.ts";
import type { Statement } from "./statement.ts";

export const READ_STATEMENTS: readonly Statement[] = [
  {
    says: "select e.gsid, e.type, e.conversation, e.prev, e.sender, e.fields, e.inboxes",
    kind: "read",
    run: ({ tables, values: [gsids] }) => reads.readCommitted(tables, gsids as Gsid[]),
  },
  {
    says: "where conversation = $ and joined <= $",
    kind: "read",
    run: ({ tables, values: [conversation, membership] }) =>
      reads.membersAt(tables, conversation as ConversationId, membership as Gsid),
  },
  {
    says: "from log l left join ( select c.conversation, c.membership",
    kind: "read",
    run({ tables, values, nowMs }) {
      // Of a connect it is asked what was revoked, before the rest: (user, device).
      const isConnect = values.length === 3;
      const [user, group] = isConnect ? values.slice(2) : values;
      const revoked = isConnect
        ? tables.revocations.momentOf(user as UserId, values[1] as DeviceId)
        : undefined;
      const only = group as ConversationId | undefined;
      return reads.snapshotOf(tables, user as UserId, { nowMs, revoked, only });
    },
  },
  {
    says: "select u.user_id as user from (select distinct",
    kind: "read",
    run({ tables, values }) {
      const [users, conversation] = values as [UserId[], ConversationId];
      // Who adds must be in it already: of who makes it nothing is asked.
      const by = values.length === 6 ? values[2] as UserId : undefined;
      return reads.fullMembers(tables, { users, conversation, by, most: values.at(-1) as number });
    },
  },
  {
    says: "with free as ( select conversation from conversations",
    kind: "read",
    // Nobody but who appends locks a row here, and that is over at once.
    run: () => [],
  },
  {
    says: "select epoch, last as head from log",
    kind: "read",
    run: ({ tables }) => [{ epoch: tables.epoch, head: tables.last }],
  },
  {
    says: "select epoch, last as head, 0 as events",
    kind: "read",
    run: ({ tables }) => [{
      epoch: tables.epoch,
      head: tables.last,
      events: 0,
      newest: null,
      conversations: [],
      inboxes: [],
      revoked: [],
      revokedUpto: null,
    }],
  },
  {
    says: "found as materialized",
    kind: "read",
    run({ tables, values: [after, limit], limits, watch }) {
      const sums = reads.sumsAfter(tables, after as Gsid, limits.digestEvents);
      if (sums.events < limits.digestEvents || sums.newest === tables.last) return [sums];
      watch.digestCut();
      return [{ ...sums, events: limit }];
    },
  },
  {
    says:
      "(select gsid from inbox where user_id = $ and gsid > $ and gsid <= $ order by gsid limit" +
      " $) union all (",
    kind: "read",
    run: ({ tables, values: [user, after, upto, most] }) =>
      reads.reachingUser(tables, user as UserId, { after: after as Gsid, upto: upto as Gsid })
        .slice(0, most as number).map((gsid) => ({ gsid })),
  },
  {
    says: "where m.user_id = $ and m.conversation = $ order by gsid limit $",
    kind: "read",
    // The fragments come first: (after), (after, upto, most).
    run: ({ tables, values: [, after, upto, , user, conversation, most] }) =>
      reads.reachingByGroup(tables, user as UserId, conversation as ConversationId, {
        after: after as Gsid,
        upto: upto as Gsid,
      }).slice(0, most as number).map((gsid) => ({ gsid })),
  },
  {
    says: "select e.*, row_number() over",
    kind: "read",
    run: ({ tables, values: [overhead, gsids, maxBytes], limits }) =>
      reads.readEvents(tables, gsids as Gsid[], maxBytes as number, overhead as number)
        .slice(0, limits.pageEvents),
  },
  {
    says: "with ordinality as t(user_id, conversation, n)",
    kind: "read",
    run: ({ tables, values: [users, conversations, after, upto, ...rest] }) =>
      reads.reachedOn(tables, users as UserId[], conversations as ConversationId[], {
        after: after as Gsid,
        upto: upto as Gsid,
      }).slice(0, rest.at(-1) as number),
  },
  {
    says: "select gsid from events where conversation = $ and gsid > $ and type in",
    kind: "read",
    run: ({ tables, values: [conversation, after, limit] }) =>
      reads.changesOf(tables, conversation as ConversationId, after as Gsid)
        .slice(0, limit as number),
  },
];
