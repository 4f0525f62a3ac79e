/**
 * What the auditors ask of a database that holds a million events, and what it takes.
 *
 * @module
 */

import { EndedCheck } from "origin/audit/ended_check.ts";
import { type CheckedBatch, LateCheck, type LateCheckDeps } from "origin/audit/late_check_shell.ts";
import { readMark } from "origin/audit/late_check_store.ts";
import { readDigest } from "origin/audit/read_digest.ts";
import { ReceivedPositions } from "origin/audit/received.ts";
import type { PresenceLookup } from "origin/presence/lookup.ts";
import { mend } from "origin/requests/mend.ts";
import { createSql, type Sql } from "origin/store/sql.ts";
import { migrate } from "origin/store/migrate.ts";
import { encodeMessage, type Ended } from "shared/bus/requests.ts";
import { type Gsid, GSID_PER_MS } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import { latencyOf } from "../../bench/quantiles.ts";
import { startTestPostgres } from "testing/database.ts";
import { fillDatabase, type HistorySize, MILLION, RECENT_MS } from "../audit_history.ts";
import { anomaly, type Figures, type Part, type PartResult } from "../part.ts";

/** So often that each statement has the plan that it keeps. */
const TIMES = 20;
const SECOND = 1_000;
const NOBODY: PresenceLookup = {
  lookup: (users) =>
    Promise.resolve(
      new Map(users.map((user) => [user, { state: "offline", devices: [], partial: false }])),
    ),
};
const ALONE: LateCheckDeps["bus"] = {
  status: "connected",
  subscribe: () => ({ unsubscribe() {} }),
  requestMany: () => Promise.resolve([]),
  onStatus() {},
};
/** They grow with every message. Of others a batch may concern so much that a scan is best. */
const HISTORY = ["events", "inbox", "push_jobs"];

export const auditCost: Part = {
  name: "audit-cost",
  about: "the auditors' queries of a database with a million events: each uses an index",
  minutes: 3,
  long: true,
  run: ({ report }) => runAuditCost(MILLION, report),
};

export async function runAuditCost(
  size: HistorySize,
  report: (line: string) => void,
): Promise<PartResult> {
  await using server = await startTestPostgres();
  await using database = await server.database();
  const sql = createSql(database.url, { name: "audit-cost", maxConnections: 1 });
  try {
    await migrate(sql);
    await fillDatabase(sql, size);
    report(`${size.events} events are there`);
    // What filling it has read is written down only now, and would count as read by the auditors.
    await sql`select pg_stat_force_next_flush()`;
    await sql`select pg_stat_reset()`;
    const figures = {
      ...await measureDigests(sql),
      ...await measureMending(sql),
      ...await measureEnded(sql),
      ...await measureLateCheck(sql, size),
    };
    const scanned = await scannedRows(sql);
    return {
      figures,
      anomalies: scanned.length === 0 ? [] : [anomaly("table-scanned", ...scanned)],
      conditions: { events: size.events },
    };
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Of two seconds, as every two seconds; and as large as one may be, for who was away. */
async function measureDigests(sql: Sql): Promise<Figures> {
  const before = await beforeHead(sql);
  let topics = 0, bytes = 0;
  const usual = await timed("digest_2s", async () => {
    const read = await readDigest(sql, before(2 * SECOND));
    topics = read.digest.topics.length;
    bytes = read.bytes.length;
  });
  const full = await timed("digest_full", () => readDigest(sql, before(RECENT_MS)));
  const head = await timed("digest_head", () => readDigest(sql, undefined));
  return { ...usual, ...full, ...head, digest_2s_topics_max: topics, digest_2s_bytes_max: bytes };
}

/** An edge reads what it lacks of many topics. */
async function measureMending(sql: Sql): Promise<Figures> {
  const before = await beforeHead(sql);
  const { digest } = await readDigest(sql, before(10 * SECOND));
  const { after, upto } = digest;
  const topics = digest.topics.slice(0, 32).map(([topic]) => topic);
  return await timed(
    "mend_32_topics",
    () => mend(sql, { topics, after, upto }, { largeGroup: 1_000 }),
  );
}

/** The connections of a thousand users have ended. */
async function measureEnded(sql: Sql): Promise<Figures> {
  const check = new EndedCheck({
    sql,
    presence: NOBODY,
    positions: new ReceivedPositions(),
    largeGroup: 1_000,
  });
  const users = Array.from({ length: 1_000 }, (_, i) => `user-${i * 100}` as UserId);
  return await timed("ended_1000_users", async () => {
    check.hear(encodeMessage<Ended>({ replica: "edge", users }));
    await check.check();
    await check.check();
  });
}

/** The last twenty seconds: received by everybody, as usual, and by nobody. */
async function measureLateCheck(sql: Sql, { users }: HistorySize): Promise<Figures> {
  const { head } = await readDigest(sql, undefined);
  const everybody = Array.from({ length: users }, (_, i): [UserId, Gsid] => [
    `user-${i}` as UserId,
    head,
  ]);
  return {
    ...await measureBatches(sql, "late_check_received", everybody),
    ...await measureBatches(sql, "late_check_lost", []),
    ...await timed("late_check_mark", () => readMark(sql)),
  };
}

async function measureBatches(
  sql: Sql,
  name: string,
  received: readonly [UserId, Gsid][],
): Promise<Figures> {
  const batches: CheckedBatch[] = [];
  await using check = new LateCheck({
    sql,
    bus: ALONE,
    presence: NOBODY,
    origin: "origin",
    largeGroup: 1_000,
    nowMs: () => performance.now(),
    wallMs: Date.now,
    every: () => () => {},
    events: {
      checked: (batch) => batches.push(batch),
      ended() {},
      disbelieved() {},
      failed(error) {
        throw error;
      },
    },
  });
  for (const [user, upto] of received) check.positions.note(user, upto);
  const before = await beforeHead(sql);
  await sql`update audit set checked = ${before(RECENT_MS)}`;
  await check.check();
  const { p50, max } = latencyOf(batches.map(({ ms }) => ms));
  const sum = (of: (batch: CheckedBatch) => number) => batches.reduce((n, b) => n + of(b), 0);
  return {
    [`${name}_batches`]: batches.length,
    [`${name}_events`]: sum(({ events }) => events),
    [`${name}_pairs`]: sum(({ pairs }) => pairs),
    [`${name}_jobs`]: sum(({ jobs }) => jobs),
    [`${name}_batch_p50_ms`]: p50,
    [`${name}_batch_max_ms`]: max,
  };
}

/** The gsid of so many milliseconds before the head: time goes on while the database is filled. */
async function beforeHead(sql: Sql): Promise<(ms: number) => Gsid> {
  const { head } = await readDigest(sql, undefined);
  return (ms) => head - ms * GSID_PER_MS;
}

async function timed(name: string, run: () => Promise<unknown>): Promise<Figures> {
  const times: number[] = [];
  for (let i = 0; i < TIMES; i++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  const { p50, max } = latencyOf(times);
  return { [`${name}_p50_ms`]: p50, [`${name}_max_ms`]: max };
}

/** Tables of the history that something read from one end to the other. */
async function scannedRows(sql: Sql): Promise<string[]> {
  await sql`select pg_stat_force_next_flush()`;
  const rows = await sql<{ table: string; scans: number; rows: number }[]>`
    select relname as table, seq_scan as scans, seq_tup_read as rows from pg_stat_user_tables
    where relname::text = any(${HISTORY}) and seq_scan > 0`;
  return rows.map(({ table, scans, rows }) => `${table}: ${scans} times, ${rows} rows`);
}
