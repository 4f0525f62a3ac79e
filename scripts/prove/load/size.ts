/**
 * How much load a stage carries.
 *
 * @module
 */

export interface LoadSize {
  users: number;
  devicesPerUser: number;
  groups: number;
  membersPerGroup: number;
  sendsPerS: number;
  /** Somebody is removed from a group, leaves it, or comes back. */
  changesPerS: number;
  /** A device goes away for some seconds, or its app is started anew. */
  absencesPerS: number;
  /** Users whose only device has a push token and is offline all the time. */
  sleepers: number;
}

/** From a killed part being ready again to the answer of a send, for 99 in 100. */
export const SENDS_AGAIN_WITHIN_MS = 5_000;

/**
 * Where an edge stands still, or an origin is cut off and NATS does not know yet: whoever tries it
 * waits for the SDK to give up first, for 5 s.
 */
export const BESIDE_WHAT_HANGS_MS = SENDS_AGAIN_WITHIN_MS + 5_000;

/** That of the short lane: 400 connections. */
export const FULL: LoadSize = {
  users: 200,
  devicesPerUser: 2,
  groups: 20,
  membersPerGroup: 20,
  sendsPerS: 50,
  changesPerS: 0.5,
  absencesPerS: 1,
  sleepers: 10,
};

/** For tests, and for trying a part out. */
export const TINY: LoadSize = {
  users: 6,
  devicesPerUser: 2,
  groups: 2,
  membersPerGroup: 4,
  sendsPerS: 20,
  changesPerS: 1,
  absencesPerS: 1,
  sleepers: 1,
};
