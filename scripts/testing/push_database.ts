/**
 * A database in which there is something to push, with an origin's schema.
 *
 * @module
 */

import postgres, { type Sql } from "postgres";
import type { JsonObject } from "shared/event.ts";
import { type Gsid, gsidAt } from "shared/gsid.ts";
import type { TestPostgres } from "./database.ts";

const MIGRATIONS = new URL("../../origin/store/migrations/", import.meta.url);

/** Fills a template with the tables that push reads and writes. */
export async function preparePushTables(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const names = [...Deno.readDirSync(MIGRATIONS)].map((entry) => entry.name).sort();
  for (const name of names.filter((name) => name.endsWith(".sql"))) {
    await sql.unsafe(await Deno.readTextFile(new URL(name, MIGRATIONS)));
  }
  await sql.unsafe(`
    create table if not exists events (gsid bigint primary key, type text not null,
      conversation text not null, prev bigint not null, sender text, fields text not null,
      inboxes text[] not null);
    create table if not exists audit (singleton boolean primary key default true,
      checked bigint not null);
    insert into audit (checked) select 0 where not exists (select from audit)`);
  await sql.end();
}

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

export async function pushDatabase(server: Pick<TestPostgres, "database">): Promise<PushDatabase> {
  const database = await server.database();
  const sql = postgres(database.url, { max: 4, onnotice: () => {} });
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
