/**
 * What idle groups cost with and without archival: subscriptions, memory, and the first message
 * after a silence. `deno run -A scripts/bench/idle_groups.ts`, some minutes.
 *
 * Invariant: both runs see the same users, groups and messages; only `ARCHIVE_AFTER_MS` differs.
 *
 * @module
 */

import postgres from "postgres";
import { GSID_STEP, gsidAt } from "shared/gsid.ts";
import { readMetric } from "testing/metrics.ts";
import { signToken } from "testing/token.ts";
import type { System } from "../dev/supervised_system.ts";
import { startSystem } from "../dev/system.ts";
import { claimPorts } from "../services/claimed_ports.ts";
import { pause, waitUntil } from "../services/wait_until.ts";
import { latencyOf } from "./quantiles.ts";
import { type LoadSocket, openSocket } from "./websocket.ts";

const USERS = 1_000;
const GROUPS = 10_000;
const MEMBERS = 10;
const ACTIVE = 100;
const WAKES = 200;
const CONNECTS_AT_ONCE = 20;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MB = 2 ** 20;
/** How long everything is left alone before its memory is looked at. */
const REST_MS = 15_000;
const WAIT_MS = 120_000;

const user = (n: number) => `u${n % USERS}`;
/** Odd steps, so that each group has members on both edges. */
const members = (group: number) =>
  Array.from({ length: MEMBERS }, (_, k) => user(group * 7 + k * 101));

/** One row of the table each. */
type Figures = Record<string, number>;

async function measure(archival: boolean): Promise<Figures> {
  await using stack = new AsyncDisposableStack();
  const [monitor] = stack.use(claimPorts(1)).ports;
  const system = stack.use(
    await startSystem({
      natsMonitorPort: monitor!,
      env: { ARCHIVE_AFTER_MS: String(archival ? DAY_MS : 1_000 * DAY_MS), LOG_LEVEL: "warning" },
      edgeEnv: { CONNECT_RATE_PER_S: "0" },
    }),
  );
  await seed(system);
  const startedMs = performance.now();
  const clients = new Clients(system);
  stack.defer(() => clients.close());
  await clients.connect();
  const connectS = (performance.now() - startedMs) / 1000;
  await pause(REST_MS);
  const at = (metric: string, labels = {}) => sumOverEdges(system, metric, labels);
  const atRest = {
    "subscriptions at NATS": await subscriptionsAt(monitor!),
    "of these on groups": await at("fanfare_edge_subscriptions", { kind: "group" }),
    "NATS, resident MB": await residentMb(system.state.nats.pid!),
    "both edges, resident MB": await at("fanfare_process_memory_bytes", { kind: "resident" }) / MB,
    "idle groups held, each for each connection": await at("fanfare_edge_archived_groups"),
    "what these take, MB": await at("fanfare_edge_archive_bytes") / MB,
  };
  const first = latencyOf(await clients.write(WAKES)),
    second = latencyOf(await clients.write(WAKES));
  const [origin] = system.state.origins;
  return {
    ...atRest,
    "first message of an idle group to all, p50 ms": first.p50,
    "p99 ms": first.p99,
    "the next message of that group, p50 ms": second.p50,
    "its p99 ms": second.p99,
    "wake copies": await readMetric(origin!.internal, "fanfare_origin_wake_copies_total"),
    "events that only the digest or the stream brought": await at("fanfare_edge_healed_total"),
    "connecting everybody, s": connectS,
  };
}

/** Groups whose last event is days old, and a few that were busy an hour ago. */
async function seed(system: System): Promise<void> {
  const sql = postgres(system.state.postgres.url, { max: 1, onnotice: () => {} });
  const old = gsidAt(Date.now() - 3 * DAY_MS), recent = gsidAt(Date.now() - HOUR_MS);
  const groups = Array.from({ length: GROUPS }, (_, n) => ({
    group: `g${n}`,
    gsid: (n < ACTIVE ? recent : old) + n * GSID_STEP,
    members: members(n),
  }));
  const rows = sql.json(groups);
  try {
    await sql`
      create temporary table seeded as
      select * from json_to_recordset(${rows}::json) as g("group" text, gsid bigint, members json)`;
    await sql`
      insert into conversations (conversation, kind, last, membership, members, creator, created)
      select 'group:' || "group", 'group', gsid, gsid, ${MEMBERS}, members ->> 0, gsid from seeded`;
    await sql`
      insert into members (conversation, user_id, role, joined)
      select 'group:' || "group", m.value, 'member', gsid
      from seeded, json_array_elements_text(members) m`;
    await sql`
      insert into events (gsid, type, conversation, prev, sender, fields, inboxes)
      select gsid, 'group.created', 'group:' || "group", 0, members ->> 0,
        json_build_object('group', "group", 'by', members ->> 0, 'members', members)::text,
        array(select json_array_elements_text(members))
      from seeded`;
    await sql`update log set last = (select max(gsid) from events)`;
    await sql`analyze`;
  } finally {
    await sql.end();
  }
  // The head is of now again, and the edges have proven it.
  await callApi(system, "alert", { id: crypto.randomUUID(), body: { text: "begin" } });
  await waitUntil(async () => {
    const ages = await Promise.all(
      system.state.edges.map(({ internal }) =>
        readMetric(internal, "fanfare_edge_proven_age_seconds")
      ),
    );
    return ages.every((age) => age < 60) || undefined;
  }, { what: "the edges to have proven the new head", withinMs: WAIT_MS, everyMs: 100 });
}

async function callApi(system: System, method: string, data: unknown): Promise<void> {
  const { origins, api_key } = system.state;
  const response = await fetch(`${origins[0]!.api}/api/${method}`, {
    method: "POST",
    headers: { "X-API-Key": api_key, "Content-Type": "application/json" },
    body: JSON.stringify(data),
  });
  const { error } = await response.json();
  if (error) throw new Error(`Cannot call ${method}: ${error.message}`);
}

/** A client for each user; what one is sent is looked at for the ids of messages alone. */
class Clients {
  readonly #system: System;
  readonly #sockets = new Map<string, LoadSocket>();
  #awaited: { id: string; by: Set<string>; done(): void } | undefined;

  constructor(system: System) {
    this.#system = system;
  }

  async connect(): Promise<void> {
    const waiting = Array.from({ length: USERS }, (_, n) => n);
    const connectNext = async () => {
      for (let n; (n = waiting.pop()) !== undefined;) await this.#connect(n);
    };
    await Promise.all(Array.from({ length: CONNECTS_AT_ONCE }, connectNext));
  }

  /** Messages to as many idle groups, one after the other: how long each took to reach everybody. */
  async write(count: number): Promise<number[]> {
    const times: number[] = [];
    for (let n = 0; n < count; n++) times.push(await this.#write(ACTIVE + n));
    return times;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sockets.values()].map((socket) => socket.close()));
  }

  async #connect(n: number): Promise<void> {
    const { edges, token_secret } = this.#system.state;
    const token = await signToken(user(n), token_secret, 3600);
    const connected = Promise.withResolvers<void>();
    const socket = await openSocket(edges[n % edges.length]!.ws, (text) => {
      if (text === "{}") return socket.send("{}");
      if (text.includes('"connect"')) connected.resolve();
      this.#heard(user(n), text);
    });
    this.#sockets.set(user(n), socket);
    socket.send(JSON.stringify({ id: 1, connect: { token } }));
    await connected.promise;
  }

  async #write(group: number): Promise<number> {
    const [sender, ...others] = members(group) as [string, ...string[]];
    const id = crypto.randomUUID();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#awaited = { id, by: new Set(others), done: resolve };
    const startedMs = performance.now();
    const data = { to: { group: `g${group}` }, id, body: { text: "hello" } };
    this.#sockets.get(sender)!.send(JSON.stringify({ id: 2, rpc: { method: "send", data } }));
    await promise;
    return performance.now() - startedMs;
  }

  #heard(user: string, text: string): void {
    const awaited = this.#awaited;
    if (!awaited || !text.includes(awaited.id)) return;
    awaited.by.delete(user);
    if (awaited.by.size === 0) awaited.done();
  }
}

async function sumOverEdges(system: System, metric: string, labels = {}): Promise<number> {
  const { edges } = system.state;
  const each = await Promise.all(edges.map(({ internal }) => readMetric(internal, metric, labels)));
  return each.reduce((sum, value) => sum + value, 0);
}

async function subscriptionsAt(monitor: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${monitor}/varz`);
  return (await response.json()).subscriptions;
}

async function residentMb(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

console.log(`${USERS} users, ${GROUPS} groups of ${MEMBERS}, ${ACTIVE} of them active, 2 edges`);
const without = await measure(false), archival = await measure(true);
console.log("| | without | with archival |\n|---|---|---|");
for (const [row, value] of Object.entries(without)) {
  const cells = [value, archival[row]!].map((cell) => Number(cell.toFixed(1)));
  console.log(`| ${row} | ${cells.join(" | ")} |`);
}
