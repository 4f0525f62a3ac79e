/**
 * What an edge does every second: asks, reports, and lets its clients go when it is cut off.
 *
 * Invariant: a round that fails or is late never keeps the next from coming.
 *
 * @module
 */

import { CLOSES } from "shared/wire/codes.ts";
import type { Delivery } from "./delivery.ts";
import { Isolation } from "./isolation.ts";
import type { Turns } from "shared/turns.ts";

const ROUND_MS = 1000;
/** So long clients of an edge that is cut off are sent elsewhere, evenly. */
const LET_GO_MS = 10_000;

export interface UpkeepOptions {
  delivery: Delivery;
  turns: Turns;
  /** The clients are let go, for no origin has been heard for long. */
  onHopeless(): void;
  onFault(error: unknown): void;
}

/** Goes on until the returned function is called. */
export function startUpkeep(options: UpkeepOptions): () => void {
  const { delivery, turns, onHopeless, onFault } = options;
  const isolation = new Isolation();
  let cancel = () => {}, ended = false, lettingGo = false;

  function round(): void {
    cancel = turns.later(round, ROUND_MS);
    delivery.tick().catch(onFault);
    if (!isolation.isHopeless(delivery.reachable, turns.nowMs())) return;
    if (lettingGo || delivery.connections.size === 0) return;
    lettingGo = true;
    onHopeless();
    const stillAlone = () => !ended && !delivery.reachable;
    delivery.connections.release(CLOSES.shutdown, LET_GO_MS, stillAlone)
      .catch(onFault).finally(() => lettingGo = false);
  }

  round();
  return () => {
    ended = true;
    cancel();
  };
}
