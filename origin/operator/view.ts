/**
 * What the operator's page says of the system: its verdict, its figures, its replicas and their
 * trouble.
 *
 * Invariant: what is wrong comes first, by the thresholds of the alerts, and the verdict gives its
 * reasons. A figure of the whole is made of those of the replicas below it. Pure.
 *
 * @module
 */

import type { Trouble } from "shared/trouble.ts";
import { nameOf, programOf, type Replica } from "./fleet.ts";
import {
  DELIVERY,
  figureOf,
  growthOf,
  maxOf,
  minOf,
  quantileOf,
  rateOf,
  spreadOf,
  sumOf,
} from "./measure.ts";
import { judge, type Verdict } from "./judge.ts";
import { type State, stateOf } from "./state.ts";
import type { TrendPoint } from "./trend.ts";
import { bytes, count, rate, seconds, several, share, span } from "./words.ts";

export interface Overview {
  /** Who tells. */
  teller: { name: string; version: string };
  atMs: number;
  verdict: Verdict;
  tiles: Tile[];
  trouble: ToldTrouble[];
  edges: Row[];
  origins: Row[];
}

export interface Tile {
  label: string;
  value: string;
  /** Says what it means, to whoever does not know. */
  about: string;
  /** Of the last minutes, the oldest first. */
  trend?: number[];
}

export interface ToldTrouble extends Trouble {
  /** The name of the replica. */
  by: string;
}

export interface Row {
  id: string;
  name: string;
  version: string;
  state: State;
  /** In the order of the columns. */
  cells: string[];
}

export interface Seen {
  /** This origin's replica. */
  self: string;
  name: string;
  version: string;
  /** Wall clock, ms since 1970. */
  nowMs: number;
  replicas: readonly Replica[];
  trend: readonly TrendPoint[];
}

const COMMIT = "fanfare_origin_commit_latency_seconds";
const LOOP = "fanfare_process_event_loop_lag_seconds";
const MAX_TROUBLE = 100;

export interface Column {
  title: string;
  about: string;
}

export const EDGE_COLUMNS: readonly Column[] = [
  { title: "up", about: "Since it was started" },
  { title: "connections", about: "Open WebSockets" },
  { title: "frames/s", about: "Frames queued for clients, a second" },
  { title: "connects/s", about: "Sessions that began, a second" },
  { title: "delivery p99", about: "From commit to the sockets' queues, over the last minute" },
  { title: "behind", about: "Since everything committed is known to be handed out" },
  { title: "healed", about: "Events of the last minute that the live path lost" },
  { title: "queued", about: "Bytes that wait for slow clients" },
  { title: "fullest queue", about: "What is nearest to its bound" },
  {
    title: "loop p99",
    about: "How late its timers fire: too little CPU when it is more than 100 ms",
  },
  { title: "memory", about: "Resident" },
];

export const ORIGIN_COLUMNS: readonly Column[] = [
  { title: "up", about: "Since it was started" },
  { title: "events/s", about: "Events that it fanned out, a second" },
  { title: "commit p99", about: "One append transaction, over the last minute" },
  { title: "failed", about: "Requests of edges that it refused or failed in the last minute" },
  { title: "left", about: "Events of the last minute that it left to the auditors" },
  { title: "pushes/s", about: "Notes that it handed to FCM and APNs, a second" },
  { title: "fullest queue", about: "What is nearest to its bound" },
  {
    title: "loop p99",
    about: "How late its timers fire: too little CPU when it is more than 100 ms",
  },
  { title: "memory", about: "Resident" },
];

export function overviewOf({ self, name, version, nowMs, replicas, trend }: Seen): Overview {
  const rows = (program: string, cellsOf: (replica: Replica, nowMs: number) => string[]) =>
    replicas.filter((replica) => programOf(replica) === program).map((replica) => ({
      id: replica.id,
      name: nameOf(replica),
      version: replica.report?.version ?? "",
      state: stateOf(replica),
      cells: cellsOf(replica, nowMs),
    })).sort(worstFirst);
  return {
    teller: { name, version },
    atMs: nowMs,
    verdict: judge(replicas, self),
    tiles: tilesOf(replicas, trend),
    trouble: troubleOf(replicas),
    edges: rows("edge", edgeCells),
    origins: rows("origin", originCells),
  };
}

function tilesOf(replicas: readonly Replica[], trend: readonly TrendPoint[]): Tile[] {
  const alive = replicas.filter(({ pulse }) => pulse === "heard");
  const figures = (metric: string) => alive.map((replica) => figureOf(replica, metric));
  const rates = (metric: string) => sumOf(alive.map((replica) => rateOf(replica, metric)));
  const delivery = spreadOf(alive, DELIVERY);
  const backlogS = maxOf(figures("fanfare_push_backlog_seconds"));
  return [
    {
      label: "Connections",
      value: count(sumOf(figures("fanfare_edge_connections"))),
      about: `WebSockets, of ${
        several(sumOf(figures("fanfare_edge_users")), "user")
      }, each edge counting its own`,
      trend: trend.map((point) => point.connections),
    },
    {
      label: "Events",
      value: `${rate(rates("fanfare_origin_events_total"))}/s`,
      about: "Committed and fanned out",
      trend: trend.map((point) => point.events),
    },
    {
      label: "Frames",
      value: `${rate(rates("fanfare_edge_frames_total"))}/s`,
      about: "Queued for clients",
      trend: trend.map((point) => point.frames),
    },
    {
      label: "Delivery",
      value: seconds(quantileOf(delivery, 0.5)),
      about: `From commit to socket, the median; p99 ${seconds(quantileOf(delivery, 0.99))}`,
      trend: trend.map((point) => point.deliveryP99),
    },
    {
      label: "Connects",
      value: `${rate(rates("fanfare_edge_connects_total"))}/s`,
      about: `Sessions that began; ended ${rate(rates("fanfare_edge_disconnects_total"))}/s`,
    },
    {
      label: "Push backlog",
      value: count(maxOf(figures("fanfare_push_backlog_jobs"))),
      about: backlogS > 0
        ? `Jobs; the oldest is ${seconds(backlogS)} late`
        : "Jobs, none of them late",
    },
    {
      label: "Digest",
      value: seconds(minOf(figures("fanfare_origin_digest_silence_seconds"))),
      about: "Since one was told: some 2 s while all is well",
    },
    {
      label: "Late check",
      value: seconds(minOf(figures("fanfare_origin_late_check_lag_seconds"))),
      about: "The age of what it looks at next: some 15 s while all is well",
    },
  ];
}

function edgeCells(replica: Replica, nowMs: number): string[] {
  return [
    upFor(replica, nowMs),
    count(figureOf(replica, "fanfare_edge_connections")),
    rate(rateOf(replica, "fanfare_edge_frames_total")),
    rate(rateOf(replica, "fanfare_edge_connects_total")),
    seconds(quantileOf(spreadOf([replica], DELIVERY), 0.99)),
    seconds(figureOf(replica, "fanfare_edge_proven_age_seconds")),
    count(growthOf(replica, "fanfare_edge_healed_total")),
    bytes(figureOf(replica, "fanfare_edge_queued_bytes")),
    ...resources(replica),
  ];
}

function originCells(replica: Replica, nowMs: number): string[] {
  return [
    upFor(replica, nowMs),
    rate(rateOf(replica, "fanfare_origin_events_total")),
    seconds(quantileOf(spreadOf([replica], COMMIT), 0.99)),
    count(growthOf(replica, "fanfare_origin_requests_failed_total")),
    count(growthOf(replica, "fanfare_origin_fan_out_dropped_total")),
    rate(rateOf(replica, "fanfare_origin_pushes_total")),
    ...resources(replica),
  ];
}

function resources(replica: Replica): string[] {
  const { what, ratio } = replica.report?.fullest ?? { what: "", ratio: NaN };
  return [
    ratio >= 0.01 ? `${share(ratio)} ${what.replaceAll("_", " ")}` : share(ratio),
    seconds(quantileOf(spreadOf([replica], LOOP), 0.99)),
    bytes(figureOf(replica, "fanfare_process_memory_bytes")),
  ];
}

function upFor(replica: Replica, nowMs: number): string {
  return span(nowMs - 1000 * figureOf(replica, "fanfare_process_start_time_seconds"));
}

function troubleOf(replicas: readonly Replica[]): ToldTrouble[] {
  return replicas
    .flatMap((replica) =>
      (replica.report?.trouble ?? []).map((one) => ({ ...one, by: nameOf(replica) }))
    )
    .sort((a, b) => b.at - a.at)
    .slice(0, MAX_TROUBLE);
}

function worstFirst(a: Row, b: Row): number {
  return b.state.badness - a.state.badness ||
    a.name.localeCompare(b.name, "en", { numeric: true }) || a.id.localeCompare(b.id);
}
