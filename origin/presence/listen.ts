/**
 * Hearing the beats of the edges, and one's own.
 *
 * @module
 */

import type { Bus } from "shared/bus/bus.ts";
import { ANNOUNCE, type Beat, decodeMessage, encodeMessage } from "shared/bus/requests.ts";
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
}

export interface ListeningBeats extends Pulses, Disposable {}

export function listenToBeats(options: ListenOptions): ListeningBeats {
  const { bus, origin, every, nowMs, onFault } = options;
  const beats = new Beats();
  const ownSubject = `${ANNOUNCE.ownBeat}.${encodeToken(origin)}`;
  const beat = () => bus.publish(ownSubject, encodeMessage<Beat>({ replica: origin }));
  const own = bus.subscribe(ownSubject, () => beats.heardOwn(nowMs()));
  const edges = bus.subscribe(`${ANNOUNCE.beat}.*`, ({ data }) => {
    try {
      beats.heard(decodeMessage<Beat>(data).replica, nowMs());
    } catch (error) {
      onFault(error);
    }
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
      own.unsubscribe();
      edges.unsubscribe();
    },
  };
}
