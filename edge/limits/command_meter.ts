/**
 * How much one connection may say.
 *
 * Invariant: what a connection is answered beyond its rate is 111, at the price of a subtraction;
 * and one that goes on and on is ended. A pong is always heard: without it we would take the
 * flood's own peer for dead. Knows nothing of users or of what commands do.
 *
 * @module
 */

import type { Command } from "shared/wire/codec.ts";
import { Bucket, type Rate } from "./rate.ts";

/** `end`: so much was refused already that the connection costs more than a new one. */
export type Ruling = "take" | "refuse" | "end";

/** What a command counts for: the checking of a token costs ten times an answer, an ack a tenth. */
const COSTS: Record<Command["verb"], number> = {
  connect: 10,
  refresh: 10,
  rpc: 1,
  ping: 1,
  unavailable: 1,
  send: 0.1,
  pong: 0,
};
/** A burst holds the dearest of them, however low the rate, or nobody could connect at all. */
const DEAREST = Math.max(...Object.values(COSTS));
/** An SDK that is refused tells its app, which may have a few hundred calls on their way. */
const REFUSED_BURSTS = 5;

export class CommandMeter {
  readonly #taken: Bucket;
  readonly #refused: Bucket;

  constructor(rate: Rate) {
    const burst = Math.max(rate.burst, DEAREST);
    this.#taken = new Bucket({ ...rate, burst });
    this.#refused = new Bucket({ ...rate, burst: burst * REFUSED_BURSTS });
  }

  judge({ verb }: Command, nowMs: number): Ruling {
    if (this.#taken.admit(nowMs, COSTS[verb])) return "take";
    return this.#refused.admit(nowMs) ? "refuse" : "end";
  }
}
