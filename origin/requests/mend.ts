/**
 * Every event of some topics in a stretch of the log: what an edge reads when its tally differs.
 *
 * Invariant: a page holds all or none of the records of one gsid, so that the next one can go on
 * after it.
 *
 * @module
 */

import { MAX_PAGE_BYTES, type Page } from "shared/bus/page.ts";
import { BUS_VERSION, type Mend, type Mended } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import { groupConversation, SYSTEM_CONVERSATION } from "shared/ids.ts";
import { parseTopic, type TopicKey } from "shared/topic.ts";
import { bytesOf, type EventRow, liveOf, readEvents } from "../store/events.ts";
import type { Sql } from "../store/sql.ts";

const EVENTS_PER_PAGE = 1_000;

/** One event on one topic. */
interface Reached {
  gsid: Gsid;
  topic: number;
  /** How many are in the group whose topic it is; else 0. */
  members: number;
}

export async function mend(
  sql: Sql,
  request: Omit<Mend, "v">,
  { largeGroup }: { largeGroup: number },
): Promise<Page<Mended>> {
  const { topics, after, upto } = request;
  // One gsid can be on every topic: with so many rows, the first gsid at least is complete.
  const most = EVENTS_PER_PAGE + topics.length;
  const reached = await readReached(sql, topics, after, upto, most);
  const complete = reached.length < most ? reached : withoutLast(reached);
  const gsids = [...new Set(complete.map(({ gsid }) => gsid))];
  const rows = await readEvents(sql, gsids, { maxBytes: MAX_PAGE_BYTES });
  const events = new Map(rows.map((row) => [row.gsid, row]));
  const page = fitting(complete, events);
  const isAll = page.length === reached.length;
  const last = page.at(-1)?.gsid;
  return {
    header: {
      v: BUS_VERSION,
      topics: page.map(({ topic }) => topic),
      ...(isAll || last === undefined ? {} : { after: last }),
    },
    events: page.map(({ gsid, topic, members }) => {
      const row = events.get(gsid)!;
      const isOfGroup = parseTopic(topics[topic]!)?.kind === "group-chat";
      const live = liveOf(row, isOfGroup ? row.membership : 0);
      return members > largeGroup ? { ...live, large: true } : live;
    }),
  };
}

async function readReached(
  sql: Sql,
  topics: TopicKey[],
  after: Gsid,
  upto: Gsid,
  most: number,
): Promise<Reached[]> {
  const sources = topics.map(sourceOf);
  return await sql<Reached[]>`
    select e.gsid, (t.n - 1)::int as topic, coalesce(c.members, 0) as members
    from unnest(
      ${sources.map(({ user }) => user)}::text[],
      ${sources.map(({ conversation }) => conversation)}::text[]
    ) with ordinality as t(user_id, conversation, n)
    left join conversations c on c.conversation = t.conversation
    cross join lateral (
      (select gsid from inbox
        where user_id = t.user_id and gsid > ${after} and gsid <= ${upto}
        order by gsid limit ${most})
      union all
      (select gsid from events
        where conversation = t.conversation and gsid > ${after} and gsid <= ${upto}
        order by gsid limit ${most})
    ) e
    order by e.gsid, t.n limit ${most}`;
}

function sourceOf(key: TopicKey): { user: string | null; conversation: string | null } {
  const topic = parseTopic(key);
  switch (topic?.kind) {
    case "user-inbox":
      return { user: topic.user, conversation: null };
    case "group-chat":
      return { user: null, conversation: groupConversation(topic.group) };
    case "system-alerts":
      return { user: null, conversation: SYSTEM_CONVERSATION };
    default:
      return { user: null, conversation: null };
  }
}

function withoutLast(reached: Reached[]): Reached[] {
  const last = reached.at(-1)?.gsid;
  return reached.filter(({ gsid }) => gsid !== last);
}

/** As many as a page may hold, but at least those of the first gsid. */
function fitting(reached: Reached[], events: Map<Gsid, EventRow>): Reached[] {
  let bytes = 0;
  for (let start = 0, end = 0; start < reached.length; start = end) {
    const row = events.get(reached[start]!.gsid);
    if (!row) return reached.slice(0, start);
    while (reached[end]?.gsid === row.gsid) end++;
    bytes += (end - start) * bytesOf(row);
    if (bytes > MAX_PAGE_BYTES && start > 0) return reached.slice(0, start);
  }
  return reached;
}
