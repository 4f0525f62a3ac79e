/**
 * A database in which there is something to push, with an origin's schema.
 *
 * @module
 */

import { createSql, type Sql } from "origin/store/sql.ts";
import type { JsonObject } from "shared/event.ts";
import { type Gsid, gsidAt } from "shared/gsid.ts";
import { postgresOfThisFile, type TestDatabase } from "./database.ts";
import { prepareSchema } from "./schema.ts";

export interface PushDatabase extends AsyncDisposable {
  readonly sql: Sql;
  /** Stores a message event, from `ana` unless told otherwise, and answers its gsid. */
  message(options?: SomeMessage): Promise<Gsid>;
  /** Registers a token. */
  target(user: string, platform: "fcm" | "apns", token: string): Promise<void>;
  tokens(): Promise<string[]>;
  /** How jobs ended, or `open`, by gsid and user. */
  outcomes(): Promise<string[]>;
}

export interface SomeMessage {
  conversation?: string;
  from?: string;
  text?: string;
  /** How long ago it was committed. */
  ageMs?: number;
  type?: string;
}

/** One server for the tests of a file. Call it at the top of the file. */
export function pushDatabasesOfThisFile(): () => Promise<PushDatabase> {
  const server = postgresOfThisFile({ prepare: prepareSchema });
  return async () => pushDatabase(await server.database());
}

function pushDatabase(database: TestDatabase): PushDatabase {
  const sql = createSql(database.url, { name: "push test", maxConnections: 4 });
  let last = 0;
  return {
    sql,
    async message({ conversation = "dm:ana:ben", from = "ana", text = "hello", ...rest } = {}) {
      last = Math.max(last + 16, gsidAt(Date.now()));
      const gsid = rest.ageMs === undefined ? last : gsidAt(Date.now() - rest.ageMs);
      const fields: JsonObject = { id: `m${gsid}`, from, body: { text } };
      await sql`insert into events (gsid, type, conversation, prev, sender, fields, inboxes) values
        (${gsid}, ${rest.type ?? "message"}, ${conversation}, 0, ${from},
         ${JSON.stringify(fields)}, '{}')`;
      return gsid;
    },
    async target(user, platform, token) {
      await sql`insert into push_targets (platform, token, user_id, device)
        values (${platform}, ${token}, ${user}, 'device')`;
    },
    async tokens() {
      const rows = await sql<{ token: string }[]>`select token from push_targets order by token`;
      return rows.map((row) => row.token);
    },
    async outcomes() {
      const rows = await sql<{ outcome: string }[]>`
        select coalesce(outcome || coalesce(nullif(': ' || reason, ': '), ''), 'open') as outcome
        from push_jobs order by gsid, user_id`;
      return rows.map((row) => row.outcome);
    },
    async [Symbol.asyncDispose]() {
      await sql.end();
      await database[Symbol.asyncDispose]();
    },
  };
}
