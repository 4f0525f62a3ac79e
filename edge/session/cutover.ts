/**
 * From catch-up to live: what a connection does with an event that the hub hands it.
 *
 * Invariant: what is handed during a catch-up waits behind it, first in, first out, and nothing is
 * ever thinned out: a buffer over its limit is dropped whole, and read from the database instead.
 * Knows nothing of sockets, of reads or of how long either takes.
 *
 * @module
 */

import type { GroupState } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import type { GroupId } from "shared/ids.ts";
import { groupTopic, parseTopic, type TopicKey } from "shared/topic.ts";

export interface Handed {
  readonly gsid: Gsid;
  readonly topic: TopicKey;
  readonly size: number;
}

/** A group that the user joined while connected: its events are to be read up to now. */
export interface Gain {
  readonly group: GroupId;
  readonly joined: Gsid;
  /** A cursor that was valid when the join was handed out. */
  readonly cursor: Gsid;
}

/** What a read from the database covers: everything up to `head`. */
export interface Snapshot {
  readonly head: Gsid;
  /** Whether the user heard this topic at the snapshot. */
  isMember(topic: TopicKey): boolean;
  /** How many topics had been gained when the read was asked for: later ones may lack events. */
  readonly gains: number;
  /** Set when only a gained group was read, from its join on. */
  readonly gain?: Gain;
}

export type Next<Event> = { event: Event } | { gain: Gain } | "live" | "read on";

export class Cutover<Event extends Handed> {
  readonly #maxBytes: number;
  #live = false;
  #buffer: ({ event: Event } | { gain: Gain; number: number })[] = [];
  #gains = 0;
  #bytes = 0;
  #overflowed = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Past its cut-over, nothing buffered, no catch-up running. */
  get live(): boolean {
    return this.#live;
  }

  /** How many topics were gained so far: to be noted when a snapshot is asked for. */
  get gains(): number {
    return this.#gains;
  }

  /** What waits. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * True: send it now. False: it waits, or the database has it. `roomBytes`: what may wait for the
   * client, besides what waits in its socket.
   */
  take(event: Event, roomBytes = Infinity): boolean {
    if (this.#live) return true;
    if (this.#overflowed) return false;
    this.#bytes += event.size;
    if (this.#bytes > Math.min(this.#maxBytes, roomBytes)) this.#overflow();
    else this.#buffer.push({ event });
    return false;
  }

  /** A topic was gained, right behind the events handed so far. */
  gain(gain: Gain): void {
    this.#live = false;
    this.#gains++;
    if (!this.#overflowed) this.#buffer.push({ gain, number: this.#gains });
  }

  /** A snapshot was taken: drops what it covers, and what was committed to non-members. */
  settle(snapshot: Snapshot): void {
    const { head, gains, gain } = snapshot;
    const isOver = (other: Gain, number: number) =>
      number <= gains && other.joined <= head && (!gain || other.group === gain.group);
    this.#buffer = this.#buffer.filter((item) =>
      !("gain" in item && isOver(item.gain, item.number))
    );
    this.#buffer = this.#buffer.filter((item) =>
      "gain" in item || this.#keeps(item.event, snapshot)
    );
    this.#bytes = this.#buffer.reduce((sum, i) => sum + ("event" in i ? i.event.size : 0), 0);
  }

  /** What is to be done next; "live": nothing, from now on events are sent as they come. */
  next(): Next<Event> {
    if (this.#overflowed) {
      this.#overflowed = false;
      return "read on";
    }
    const item = this.#buffer.shift();
    if (!item) {
      this.#live = true;
      return "live";
    }
    if ("gain" in item) return { gain: item.gain };
    this.#bytes -= item.event.size;
    return item;
  }

  /** The content as text: equal for those that behave alike from here on. */
  toString(): string {
    const buffer = this.#buffer.map((item) =>
      "event" in item ? textOf(item) : `${textOf(item)}-${this.#gains - item.number}`
    );
    const state = this.#live ? "live" : this.#overflowed ? "overflowed" : "behind";
    return `${state} [${buffer.join("; ")}]`;
  }

  #keeps({ gsid, topic }: Event, { head, isMember, gain }: Snapshot): boolean {
    if (gain && (topic !== groupTopic(gain.group) || gsid <= gain.joined)) return true;
    if (gsid <= head) return false;
    // Not a member at the snapshot: only a later join, which is noted here, makes it one again.
    return isMember(topic) ||
      this.#buffer.some((item) =>
        "gain" in item && groupTopic(item.gain.group) === topic && item.gain.joined < gsid
      );
  }

  #overflow(): void {
    this.#buffer = [];
    this.#bytes = 0;
    this.#overflowed = true;
  }
}

/** Equal for what is done about in the same way. */
export function textOf<Event extends Handed>(next: Next<Event> | undefined): string {
  if (next === undefined || typeof next === "string") return `${next}`;
  if ("event" in next) return `${next.event}`;
  const { group, joined, cursor } = next.gain;
  return `${group}+${joined}@${cursor}`;
}

/** Whether a topic is heard by a member of these groups; whatever is no group's always is. */
export function memberIn(groups: GroupState[]): (topic: TopicKey) => boolean {
  const topics = new Set<TopicKey>(groups.map(({ group }) => groupTopic(group)));
  return (topic) => parseTopic(topic)?.kind !== "group-chat" || topics.has(topic);
}
