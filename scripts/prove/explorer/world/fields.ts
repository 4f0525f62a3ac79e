/**
 * The fields of a state: what the edge's tables, the sockets, the device and the database are in.
 *
 * Invariant: a field holds a small number: the state of a table, a place in the history, a set of
 * places as bits, or how often something may still happen.
 *
 * @module
 */

import { placesOf } from "../engine/layout.ts";

/** The fields and their widths in bits. */
const WIDTHS = {
  /** The number of the chapter: what is committed. */
  chapter: 11,
  hub: 20,
  /** The head when the hub's open question was asked. */
  hubAsked: 3,
  /** Otto is connected to the same edge. */
  other: 1,
  /** Each connection of Dora's device: 0, or the state of its feed plus one. */
  feedA: 18,
  feedB: 18,
  /** The head when its open question was asked. */
  askedA: 3,
  askedB: 3,
  /** The frames on their way to the device. */
  socketA: 15,
  socketB: 15,
  /** The device's connections to it that it still reads, as bits: 1 for A, 2 for B. */
  reads: 2,
  /** When each connection entered, by the database's clock; 0: it has not. */
  atA: 2,
  atB: 2,
  clock: 2,
  /** The times of connections that may have claimed the device, as bits. */
  claims: 4,
  /** Pongs on their way to the edge. */
  pongs: 2,
  /** Events that Dora's connection sent, whose answers are on their way to it. */
  answers: 5,
  /** What the device has stored. */
  got: 5,
  cursor: 3,
  /** It was told to start over. */
  reset: 1,
  /** Up to here the edge has heard that all was received. */
  reported: 3,
  /** Something happened that must not: see `EdgeModel.fault`. */
  wrong: 1,
  connects: 3,
  drops: 2,
  crashes: 2,
  failures: 2,
  comings: 2,
  pings: 2,
  /** The states of the origins, where these are looked at. */
  originA: 14,
  originB: 14,
  /** Sends, as bits, that were answered. */
  answered: 4,
} as const;

export const FIELD_WIDTHS: readonly number[] = Object.values(WIDTHS);

export const AT = placesOf(WIDTHS);

/** How often each of these may happen. */
const BUDGETED = ["connects", "drops", "crashes", "failures", "comings", "pings"] as const;

export type Budget = Partial<Record<typeof BUDGETED[number], number>>;

export function setBudget(state: Int32Array, budget: Budget): void {
  const { drops = 0, crashes = 0 } = budget;
  for (const name of BUDGETED) state[AT[name]] = budget[name] ?? 0;
  state[AT.connects] = budget.connects ?? drops + crashes + 1;
}

/** A connection of Dora's device: A or B. */
export type Slot = 0 | 1;
export const SLOTS: readonly Slot[] = [0, 1];
export const FEED = [AT.feedA, AT.feedB] as const;
export const ORIGIN = [AT.originA, AT.originB] as const;
export const ASKED = [AT.askedA, AT.askedB] as const;
export const SOCKET = [AT.socketA, AT.socketB] as const;
export const ENTERED_AT = [AT.atA, AT.atB] as const;
