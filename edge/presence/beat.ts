/**
 * The edge's sign of life: origins that stop hearing it leave this replica out of their lookups.
 *
 * Invariant: that a beat comes says only that this process runs and reaches the bus; no beat waits
 * for what it carries. Knows nothing of users.
 *
 * @module
 */

import type { Bus } from "shared/bus/bus.ts";
import { ANNOUNCE, type Beat, encodeMessage } from "shared/bus/requests.ts";
import type { Report } from "shared/report.ts";
import { encodeToken } from "shared/topic.ts";
import type { Turns } from "shared/turns.ts";

export const BEAT_MS = 2000;

export interface BeatOptions {
  bus: Pick<Bus, "publish">;
  replica: string;
  turns: Turns;
  /** What operators are told, as far as it is known. */
  report?: () => Report | undefined;
}

/** Beats until the returned function is called, when nobody is there any more; says so then. */
export function startBeats({ bus, replica, turns, report }: BeatOptions): () => void {
  const subject = `${ANNOUNCE.beat}.${encodeToken(replica)}`;
  let cancel = () => {};
  const say = (last: Pick<Beat, "ended"> = {}) => {
    const told = report?.();
    bus.publish(subject, encodeMessage<Beat>({ replica, ...(told && { report: told }), ...last }));
  };
  const beat = () => {
    say();
    cancel = turns.later(beat, BEAT_MS);
  };
  beat();
  return () => {
    cancel();
    // Whoever has told so is not missed when it falls silent, nor waited for.
    say({ ended: true });
  };
}
