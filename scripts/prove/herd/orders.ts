/**
 * What the processes of a rush are told when they start, and what they tell, a JSON line each.
 *
 * @module
 */

export interface CrowdOrder {
  run: string;
  size: number;
  /** Sockets of the edges; one member begins at each in turn. */
  edges: string[];
  tokenSecret: string;
  /** How many connect in a second, at the beginning. */
  pacePerS: number;
}

/** Ten times a second. */
export interface CrowdState {
  /** Wall clock, ms since 1970. */
  atMs: number;
  connected: number;
  /** Since the start. */
  totals: CrowdTotals;
}

export interface CrowdTotals {
  /** Connects that were answered, the first ones included. */
  connects: number;
  /** Of them, resumes that were told `recovered: false`. */
  notRecovered: number;
  /** Upgrades answered with another status than 101. */
  upgradesRefused: number;
  /** Attempts that found nobody. */
  unreachable: number;
  /** Connects answered with a temporary error, and those that an edge was too slow for. */
  connectsRefused: number;
  /** Connects without an answer when the SDK gives up. */
  timedOut: number;
  /** Whatever makes the SDK stop for good. */
  final: number;
}

/** The last word, when everything that is owed has come or its time is over. */
export interface CrowdEnd {
  missing: number;
  /** Alerts that came again, which clients drop. */
  repeats: number;
}

/** Said to a crowd, by its standard input. */
export interface CrowdEnding {
  /** So many alerts were sent, numbered from 0. */
  alerts: number;
}

export interface SteadyOrder {
  run: string;
  /** Two users each, who write to each other. */
  pairs: number;
  edge: string;
  tokenSecret: string;
  sendsPerS: number;
}

export interface SteadySample {
  atMs: number;
  /** From the send to its answer; left out when it was refused. */
  ackMs?: number;
  error?: string;
}

export interface SteadyEnd {
  sent: number;
  acked: number;
  missing: number;
  doubled: number;
}
