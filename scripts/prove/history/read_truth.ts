/**
 * Reads the truth of a run from its database and its push recorder.
 *
 * @module
 */

import postgres from "postgres";
import { atOfGsid } from "shared/gsid.ts";
import type { State } from "../../dev/state.ts";
import { isPossibleToken, type RecordedPush } from "../../services/push_recorder/record.ts";
import { contentOf, sentDigestOf } from "./recorder.ts";
import type { Push, Stay, TrueEvent, Truth } from "./truth.ts";

/** Of a database that nobody writes to any more, or the result is of no one moment. */
export async function readTruth(state: Pick<State, "postgres" | "push">): Promise<Truth> {
  const sql = postgres(state.postgres.url, { max: 1, onnotice: () => {} });
  try {
    const database = await sql.begin(
      "isolation level repeatable read read only",
      async (sql) => ({
        ...await headOf(sql),
        events: (await sql<EventRow[]>`
          select gsid::float8, type, conversation, prev::float8, sender, fields
          from events order by gsid
        `).map(eventOf),
        stays: (await sql`
          select conversation, user_id, joined::float8, left_at::float8 from members
        `).map(({ conversation, user_id, joined, left_at }): Stay => ({
          ...{ conversation, user: user_id, joined },
          ...(left_at !== null && { left: left_at }),
        })),
        sent: (await sql`select sender, id, gsid::float8 from sent where sender <> ''`)
          .map(({ sender, id, gsid }) => ({ sender, id, gsid })),
        replaced: (await sql`
          select user_id, gsid::float8 from push_jobs
          where outcome = 'dropped' and reason = 'superseded'
        `).map(({ user_id, gsid }) => ({ user: user_id, gsid })),
      }),
    );
    return { ...database, pushes: await readPushes(state.push.recorder) };
  } finally {
    await sql.end();
  }
}

/** A batch of repeats, or of what is refused, draws gsids as well. */
async function headOf(sql: postgres.TransactionSql): Promise<Pick<Truth, "epoch" | "head">> {
  const [row] = await sql<{ epoch: string; head: number }[]>`
    select epoch, last::float8 as head from log`;
  return { epoch: row!.epoch, head: row!.head };
}

interface EventRow {
  gsid: number;
  type: string;
  conversation: string;
  prev: number;
  sender: string | null;
  fields: string;
}

/** As PROTOCOL.md says that an event looks, from the columns. */
function eventOf(row: EventRow): TrueEvent {
  const { gsid, type, conversation, prev, sender } = row;
  const fields = JSON.parse(row.fields);
  const content = contentOf({ ...fields, type, gsid, conversation, prev, at: atOfGsid(gsid) });
  if (type !== "message") {
    const { members } = fields;
    return { ...content, ...(sender !== null && { sender }), ...(members && { members }) };
  }
  return {
    ...content,
    ...(sender !== null && { sender }),
    id: fields.id,
    sentDigest: sentDigestOf(conversation, fields.body),
    text: fields.body.text,
  };
}

async function readPushes(recorder: string): Promise<Push[]> {
  const response = await fetch(`${recorder}/pushes`);
  const pushes: RecordedPush[] = await response.json();
  const forgotten = Number(response.headers.get("forgotten"));
  if (forgotten > 0) throw new Error(`Cannot know of all pushes: ${forgotten} were forgotten`);
  return pushes.flatMap(({ user, gsid, token, at, status, payload }) =>
    // Whoever checks the providers, or deploys, pushes to tokens that nobody can have.
    user === null || gsid === null || !isPossibleToken(token)
      ? []
      : [{ user, gsid, token, atMs: Date.parse(at), status, ...textOf(payload) }]
  );
}

/** What each provider's form of a note shows. */
function textOf(payload: unknown): { text?: string } {
  const { notification, aps } = payload as {
    notification?: { body?: string };
    aps?: { alert?: { body?: string } };
  };
  const text = notification?.body ?? aps?.alert?.body;
  return text === undefined ? {} : { text };
}
