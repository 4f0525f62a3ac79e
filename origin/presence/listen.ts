/**
 * Hearing the beats of the edges, and one's own; and of all replicas what they tell with them.
 *
 * Invariant: who is alive is judged by the beats alone, whatever they carry.
 *
 * @module
 */

import type { Bus, BusMessage } from "shared/bus/bus.ts";
import { ANNOUNCE, type Beat, decodeMessage, encodeMessage } from "shared/bus/requests.ts";
import type { Report } from "shared/report.ts";
import { encodeToken } from "shared/topic.ts";
import type { Every } from "../audit/every.ts";
import { BEAT_INTERVAL_MS, Beats } from "./beats.ts";
import type { Pulses } from "./lookup.ts";

export interface ListenOptions {
  bus: Pick<Bus, "publish" | "subscribe" | "status" | "onStatus">;
  /** Unique to this start of this origin. */
  origin: string;
  every: Every;
  /** Monotonic. */
  nowMs: () => number;
  onFault: (error: unknown) => void;
  /** What operators are told of this origin, as far as it is known. */
  report?: () => Report | undefined;
  /** Told of each beat of another replica; without it, other origins are not heard. */
  onBeat?: (beat: Beat) => void;
}

export interface ListeningBeats extends Pulses, Disposable {}

export function listenToBeats(options: ListenOptions): ListeningBeats {
  const { bus, origin, every, nowMs, onFault, report, onBeat } = options;
  const beats = new Beats();
  const ownSubject = `${ANNOUNCE.originBeat}.${encodeToken(origin)}`;
  const beat = () => {
    const told = report?.();
    bus.publish(
      ownSubject,
      encodeMessage<Beat>({ replica: origin, ...(told && { report: told }) }),
    );
  };
  const hear = (subject: string, handle: (message: BusMessage) => void) =>
    bus.subscribe(subject, (message) => {
      try {
        handle(message);
      } catch (error) {
        onFault(error);
      }
    });
  const origins = hear(onBeat ? `${ANNOUNCE.originBeat}.*` : ownSubject, ({ subject, data }) => {
    if (subject === ownSubject) beats.heardOwn(nowMs());
    else {
      const told = decodeMessage<Beat>(data);
      // One that tells nothing may be anybody's: an edge is known by its subject, an origin is not.
      if (told.report) onBeat?.(told);
    }
  });
  const edges = hear(`${ANNOUNCE.beat}.*`, ({ data }) => {
    const told = decodeMessage<Beat>(data);
    if (told.ended) beats.ended(told.replica);
    else beats.heard(told.replica, nowMs());
    onBeat?.(told);
  });
  bus.onStatus((status) => beats.setConnected(status === "connected"));
  beats.setConnected(bus.status === "connected");
  beat();
  const stop = every(beat, BEAT_INTERVAL_MS);
  return {
    of: (replica) => beats.pulseOf(replica, nowMs()),
    heard: () => beats.heardReplicas(nowMs()),
    [Symbol.dispose]() {
      stop();
      // Whoever has told that it drains is not missed when it falls silent.
      if (report) beat();
      origins.unsubscribe();
      edges.unsubscribe();
    },
  };
}
