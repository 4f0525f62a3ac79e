/**
 * NATS, as far as the bus uses it: subjects, queue groups, no answer where nobody listens, and the
 * stream that remembers what topics carried.
 *
 * Invariant: a message reaches who was subscribed when it came here, each once but for faults.
 *
 * @module
 */

import { kindOfSubject, type MessageFaults, type MessageKind } from "./message_faults.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";
import type { Wire } from "./wire.ts";

export interface Packet {
  subject: string;
  data: Uint8Array;
  reply?: string;
  messageId?: string;
}

/** A subscription, as the server knows it. */
export interface Interest {
  readonly subject: string;
  readonly queue: string | undefined;
  /** To the subscriber. */
  readonly down: Wire;
  handle(packet: Packet): void;
}

export interface Kept {
  subject: string;
  data: Uint8Array;
  atMs: number;
}

const STREAM_AGE_MS = 5 * 60_000;
const DUPLICATE_WINDOW_MS = 2 * 60_000;

export class Broker {
  readonly faults: MessageFaults;
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #exact = new Map<string, Set<Interest>>();
  /** Subjects that end with `.*`, without it. */
  readonly #wild = new Map<string, Set<Interest>>();
  #stream: Kept[] = [];
  readonly #seen = new Map<string, number>();

  constructor(timeline: Timeline, random: Random, faults: MessageFaults) {
    this.#timeline = timeline;
    this.#random = random;
    this.faults = faults;
  }

  subscribe(interest: Interest): void {
    const [table, key] = this.#place(interest.subject);
    const known = table.get(key);
    if (known) known.add(interest);
    else table.set(key, new Set([interest]));
  }

  unsubscribe(interest: Interest): void {
    const [table, key] = this.#place(interest.subject);
    const known = table.get(key);
    known?.delete(interest);
    if (known?.size === 0) table.delete(key);
  }

  /** False: nobody listens. */
  publish(packet: Packet): boolean {
    const { subject } = packet;
    const kind = kindOfSubject(subject);
    if (kind === "live message") this.#keep(packet);
    const heard = this.#exact.get(subject);
    const wild = this.#wild.get(subject.slice(0, subject.lastIndexOf(".")));
    if (!heard && !wild) return false;
    let queues: Map<string, Interest[]> | undefined;
    for (const interests of [heard, wild]) {
      for (const interest of interests ?? []) {
        const { queue } = interest;
        if (queue === undefined) this.#send(interest, packet, kind);
        else {
          queues ??= new Map();
          const members = queues.get(queue);
          if (members) members.push(interest);
          else queues.set(queue, [interest]);
        }
      }
    }
    if (queues) {
      for (const members of queues.values()) this.#send(this.#random.pick(members), packet, kind);
    }
    return true;
  }

  /** What the stream has kept since then, in order. */
  kept(sinceMs: number): readonly Kept[] {
    const oldestMs = Math.max(sinceMs, this.#timeline.nowMs - STREAM_AGE_MS);
    return this.#stream.filter(({ atMs }) => atMs >= oldestMs);
  }

  loseStream(): void {
    this.#stream = [];
    this.#seen.clear();
  }

  #place(subject: string): [Map<string, Set<Interest>>, string] {
    return subject.endsWith(".*") ? [this.#wild, subject.slice(0, -2)] : [this.#exact, subject];
  }

  #send({ down, handle }: Interest, packet: Packet, kind: MessageKind): void {
    for (const lateMs of this.faults.strike(kind)) {
      if (lateMs === 0) down.send(() => handle(packet));
      else this.#timeline.after(lateMs, () => down.send(() => handle(packet)));
    }
  }

  #keep({ subject, data, messageId }: Packet): void {
    const { nowMs } = this.#timeline;
    if (messageId !== undefined) {
      const before = this.#seen.get(messageId);
      if (before !== undefined && nowMs - before < DUPLICATE_WINDOW_MS) return;
      this.#seen.set(messageId, nowMs);
    }
    this.#stream.push({ subject, data, atMs: nowMs });
  }
}
