/**
 * What can be done to a connection between two programs, as words.
 *
 * @module
 */

/** Whoever connected is the client. */
export type Way = "toServer" | "toClient";

export const WAYS = ["toServer", "toClient"] as const satisfies readonly Way[];

/** How fast a way is. */
export interface Pace {
  latencyMs?: number;
  /** Added to the latency of each piece: anything from nothing to this. */
  jitterMs?: number;
  bytesPerS?: number;
}

/** Each may be asked of one connection, or of all of a proxy. No `way` means both. */
export interface Faults {
  slow(pace: Pace, way?: Way): void;
  /** A partition that will heal: nothing arrives, and all of it does after `resume`. */
  hold(way?: Way): void;
  /** What is sent is lost, the end of the connection too: the other side takes it for open. */
  swallow(way?: Way): void;
  /** The receiver is told that nothing more comes, and nothing more does. */
  halfClose(way: Way): void;
  /** So many bytes pass still, then it is cut. */
  cutAfter(bytes: number, way: Way): void;
  /** Both sides lose it now. */
  cut(): void;
  /** All is well again; a connection that lost bytes is cut, for nothing can mend it. */
  resume(): void;
}
