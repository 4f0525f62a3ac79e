/**
 * A digest, read from the database: what was committed in an interval, topic by topic, and what was
 * revoked in it.
 *
 * Invariant: the interval and its sums are of one snapshot, and GSID order is visibility order; so
 * a digest can never become untrue; of revocations, what one leaves out is in a later one. One digest
 * fits a bus message: a long interval is cut.
 *
 * @module
 */

import type { Sql } from "../store/sql.ts";
import {
  type AskDigest,
  BUS_VERSION,
  type Digest,
  encodeMessage,
  type Revocation,
} from "shared/bus/requests.ts";
import { sharedTopicOf } from "shared/event.ts";
import type { Gsid } from "shared/gsid.ts";
import type { ConversationId, DeviceId, UserId } from "shared/ids.ts";
import { inboxTopic } from "shared/topic.ts";

export const MAX_DIGEST_EVENTS = 8_000;
/** Well below the 1 MiB that NATS lets through. */
export const MAX_DIGEST_BYTES = 768 * 1024;

export interface ReadDigest {
  digest: Digest;
  /** `digest`, as it travels. */
  bytes: Uint8Array;
  events: number;
  /** Of the same snapshot; the digest ends below it when it was cut. */
  head: Gsid;
}

/** Answers an edge that has missed digests: with `after`, what follows it; without, the head. */
export async function answerDigest(sql: Sql, { after }: AskDigest): Promise<Digest> {
  return (await readDigest(sql, after)).digest;
}

/** The digest of what was committed after `after`; an empty one at the head without it. */
export async function readDigest(
  sql: Sql,
  after: Gsid | undefined,
  maxEvents = MAX_DIGEST_EVENTS,
  maxBytes = MAX_DIGEST_BYTES,
): Promise<ReadDigest> {
  // One event concerns many inboxes when many join a group, so events alone do not bound bytes.
  for (let limit = maxEvents;; limit = Math.ceil(limit / 4)) {
    const { digest, events, head } = await readInterval(sql, after, limit);
    const bytes = encodeMessage<Digest>(digest);
    if (bytes.length <= maxBytes || limit === 1) return { digest, bytes, events, head };
  }
}

type Sum<Name> = [name: Name, count: number, xor: Gsid];

interface IntervalRow {
  epoch: string;
  head: Gsid;
  events: number;
  /** The newest event read, `null` when there was none. */
  newest: Gsid | null;
  conversations: Sum<ConversationId>[];
  inboxes: Sum<UserId>[];
  revoked: [gsid: Gsid, user: UserId, before: number, device: DeviceId | ""][];
  /** The last of `revoked`, when there may be more: nothing after it was read. */
  revokedUpto: Gsid | null;
}

async function readInterval(sql: Sql, after: Gsid | undefined, limit: number) {
  const [row] = after === undefined ? await selectHead(sql) : await selectSums(sql, after, limit);
  const { epoch, head, events, newest, conversations, inboxes, revoked, revokedUpto } = row!;
  const upto = events === limit ? newest! : revokedUpto ?? head;
  const revocations = revoked.filter(([gsid]) => gsid <= upto).map(revocationOf);
  const digest: Digest = {
    v: BUS_VERSION,
    epoch,
    after: Math.min(after ?? head, upto),
    upto,
    topics: [
      ...conversations.map(([name, ...sum]): Digest["topics"][number] => [
        sharedTopicOf(name)!,
        ...sum,
      ]),
      ...inboxes.map(([name, ...sum]): Digest["topics"][number] => [inboxTopic(name), ...sum]),
    ],
    ...(revocations.length > 0 && { revoked: revocations }),
    ...(upto < head ? { more: true } : {}),
  };
  return { digest, events, head };
}

function revocationOf(
  [, user, before, device]: IntervalRow["revoked"][number],
): Revocation {
  return device === "" ? [user, before] : [user, before, device];
}

function selectHead(sql: Sql) {
  return sql<IntervalRow[]>`
    select epoch, last as head, 0 as events, null as newest,
           '[]'::json as conversations, '[]'::json as inboxes,
           '[]'::json as revoked, null as "revokedUpto"
    from log`;
}

/** One statement, hence one snapshot. */
function selectSums(sql: Sql, after: Gsid, limit: number) {
  return sql<IntervalRow[]>`
    with revoked as materialized (
      select gsid, user_id, before_ms, device from revocations
      where gsid > least(${after}::bigint, (select last from log))
      order by gsid limit ${limit}
    ), full_upto as (
      select max(gsid) as gsid from revoked having count(*) = ${limit}
    ), found as materialized (
      select gsid, conversation, inboxes from events
      where gsid > least(${after}::bigint, (select last from log))
        and gsid <= coalesce((select gsid from full_upto), (select last from log))
      order by gsid limit ${limit}
    ), by_conversation as (
      select conversation, count(*), bit_xor(gsid) as xor from found
      where conversation not like 'dm:%' group by conversation
    ), by_inbox as (
      select user_id, count(*), bit_xor(gsid) as xor
      from found cross join unnest(inboxes) as user_id group by user_id
    )
    select epoch, last as head,
      (select count(*)::int from found) as events,
      (select max(gsid) from found) as newest,
      (select coalesce(json_agg(json_build_array(conversation, count, xor)), '[]')
         from by_conversation) as conversations,
      (select coalesce(json_agg(json_build_array(user_id, count, xor)), '[]')
         from by_inbox) as inboxes,
      (select coalesce(json_agg(json_build_array(gsid, user_id, before_ms, device)), '[]')
         from revoked) as revoked,
      (select gsid from full_upto) as "revokedUpto"
    from log`;
}
