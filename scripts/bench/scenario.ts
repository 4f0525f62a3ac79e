/**
 * What is measured, and what the load process is told and tells.
 *
 * @module
 */

import type { Latency } from "./quantiles.ts";

export interface Scenario {
  name: string;
  kind: "direct" | "group";
  clients: number;
  senders: number;
  /** Messages that one sender has in flight: the next goes when one has reached everybody. */
  inFlight: number;
}

export const QUICK: readonly Scenario[] = [
  { name: "direct, 1 in flight", kind: "direct", clients: 200, senders: 200, inFlight: 1 },
  { name: "direct, 8 in flight", kind: "direct", clients: 200, senders: 200, inFlight: 8 },
  { name: "group of 300", kind: "group", clients: 300, senders: 32, inFlight: 1 },
];

/** The load process's orders: one JSON argument. */
export interface LoadOrder {
  scenario: Scenario;
  /** Prefix of the users' names, and the group's name: no two runs share any. */
  run: string;
  edges: string[];
  tokenSecret: string;
  warmMs: number;
  measureMs: number;
}

/** What it tells, a JSON line each. */
export type LoadReport =
  | { phase: "measuring" }
  | { phase: "measured"; figures: LoadFigures }
  | { phase: "done"; totals: LoadTotals };

/** Of the measured time only. */
export interface LoadFigures {
  ms: number;
  acks: number;
  deliveries: number;
  ack: Latency;
  delivery: Latency;
  /** Microseconds of processor that the load process itself used. */
  loadCpuUs: number;
}

/** Of the whole run, when nothing is in flight any more. */
export interface LoadTotals {
  acks: number;
  /** Events that a client was told of, by a push or by the reply to its own send; each once. */
  deliveries: number;
  /** Pushes of an event that the client had already. */
  repeats: number;
  failures: number;
  lost: number;
}

/** How many clients each message reaches, its sender included. */
export function membersOf(scenario: Scenario): number {
  return scenario.kind === "group" ? scenario.clients : 2;
}

export function userOf(run: string, index: number): string {
  return `${run}-u${index}`;
}
