/**
 * The two fast paths after a commit: publish to who is online, push to who is not.
 *
 * Invariant: batches leave in the order in which they were committed, and no caller ever waits
 * for them. Anything here may be lost, and is counted then: beyond the backlog, with a database or
 * a store that fails, or with the process. The auditors make it whole.
 *
 * @module
 */

import type { Bus } from "shared/bus/bus.ts";
import type { CommittedEvent } from "../commit/committed.ts";
import type { Gsid } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import type { Reached } from "../moments.ts";
import type { Presence } from "../presence/interpret.ts";
import type { PresenceLookup } from "../presence/lookup.ts";
import type { JobKey } from "../push/job.ts";
import type { Audiences } from "./audience.ts";
import type { TraceFanOut } from "../tracing/fan_outs.ts";
import { type AddressedEvent, decide, usersToAsk } from "./decide.ts";
import { publishAll } from "./publish.ts";

export interface FanOutOptions {
  bus: Pick<Bus, "publish">;
  audiences: Pick<Audiences, "of">;
  presence: PresenceLookup;
  /** Stores push jobs; those that exist are passed over. */
  enqueuePushes: (jobs: JobKey[]) => Promise<void>;
  /** Notes messages whose push jobs are made in pages. */
  enqueuePages: (gsids: Gsid[]) => Promise<void>;
  events: FanOutEvents;
  /** Monotonic. */
  nowMs: () => number;
  /** Which fast paths run; default: both. Without one, its auditor does all the work. */
  paths?: { live: boolean; push: boolean };
  reached?: Reached;
  /** Left out: no message is traced. */
  trace?: TraceFanOut | undefined;
}

export interface FanOutEvents {
  /** `ms`: from the commit being told to the publications being handed to the bus. */
  done(
    batch: { events: number; publications: number; wakes: number; pushes: number; ms: number },
  ): void;
  /** Left to the auditors. */
  dropped(what: "event" | "push", count: number): void;
  failed(what: "fan_out" | "push", error: unknown): void;
}

interface Gathered {
  addressed: AddressedEvent[];
  presence: Map<UserId, Presence>;
}

/** Lookups at once: while so many are under way, what is committed is gathered into one. */
export const MAX_LOOKUPS = 8;
/** Events that wait, some seconds of commits at full speed, and the bytes of their texts. */
export const MAX_BACKLOG = 20_000;
export const MAX_BACKLOG_BYTES = 64 * 1024 * 1024;
/** Events in one lookup, so that its requests stay within what the store takes. */
const MAX_GATHERED = 2_000;
/** Batches of push jobs being stored at once. */
export const MAX_STORING = 16;

export class FanOut {
  readonly #options: FanOutOptions & Required<Pick<FanOutOptions, "paths" | "reached">>;
  #waiting: CommittedEvent[] = [];
  #waitingBytes = 0;
  #lookups = 0;
  /** Settles when everything before has left: batches leave one after the other. */
  #order: Promise<void> = Promise.resolve();
  readonly #storing = new Set<Promise<void>>();

  constructor(options: FanOutOptions) {
    this.#options = { paths: { live: true, push: true }, reached: () => {}, ...options };
  }

  /** What waits for a lookup, and what is under way. */
  get backlog(): { events: number; bytes: number; lookups: number; storing: number } {
    const { length: events } = this.#waiting;
    const storing = this.#storing.size;
    return { events, bytes: this.#waitingBytes, lookups: this.#lookups, storing };
  }

  /** Takes a committed batch, in GSID order. Returns at once. */
  accept(events: readonly CommittedEvent[]): void {
    const bytes = bytesOf(events);
    const isTooMany = this.#waiting.length + events.length > MAX_BACKLOG;
    if (isTooMany || this.#waitingBytes + bytes > MAX_BACKLOG_BYTES) {
      return this.#options.events.dropped("event", events.length);
    }
    this.#waiting.push(...events);
    this.#waitingBytes += bytes;
    this.#begin();
  }

  /** Resolves when everything accepted has been handed on. */
  async idle(): Promise<void> {
    while (this.#lookups > 0 || this.#storing.size > 0) {
      await this.#order;
      await Promise.all(this.#storing);
    }
  }

  #begin(): void {
    while (this.#waiting.length > 0 && this.#lookups < MAX_LOOKUPS) {
      const gathered = this.#waiting.splice(0, MAX_GATHERED);
      this.#waitingBytes -= bytesOf(gathered);
      this.#fanOut(gathered);
    }
  }

  #fanOut(events: CommittedEvent[]): void {
    this.#lookups++;
    const startMs = this.#options.nowMs();
    const ready = this.#gather(events);
    this.#order = this.#order.then(async () => {
      try {
        this.#perform(await ready, startMs);
      } catch (error) {
        this.#options.events.failed("fan_out", error);
      } finally {
        this.#lookups--;
        this.#begin();
      }
    });
    // Whoever awaits its turn awaits `ready` only then: until that, nobody would hear it fail.
    ready.catch(() => {});
  }

  async #gather(events: CommittedEvent[]): Promise<Gathered> {
    const audiences = await Promise.all(events.map((event) => this.#options.audiences.of(event)));
    const addressed = events.map((event, i): AddressedEvent => ({
      event,
      audience: audiences[i]!,
    }));
    return { addressed, presence: await this.#options.presence.lookup(usersToAsk(addressed)) };
  }

  #perform({ addressed, presence }: Gathered, startMs: number): void {
    const { bus, paths, events, reached, nowMs, trace } = this.#options;
    reached("after presence");
    const decision = decide(addressed, presence);
    const { publications, pushes, pages } = decision;
    const spans = trace?.(addressed.map(({ event }) => event.gsid), decision, nowMs() - startMs);
    if (paths.live) publishAll(bus, publications, spans?.of);
    spans?.end();
    reached("after publish");
    if (paths.push) this.#storePushes(pushes, pages);
    events.done({
      events: addressed.length,
      publications: publications.length,
      wakes: publications.filter(({ live }) => live.kind === "wake").length,
      pushes: pushes.length + pages.length,
      ms: nowMs() - startMs,
    });
  }

  #storePushes(pushes: JobKey[], pages: Gsid[]): void {
    const { enqueuePushes, enqueuePages, events } = this.#options;
    if (pushes.length === 0 && pages.length === 0) return;
    if (this.#storing.size >= MAX_STORING) {
      return events.dropped("push", pushes.length + pages.length);
    }
    const stored = Promise.all([
      pushes.length > 0 && enqueuePushes(pushes),
      pages.length > 0 && enqueuePages(pages),
    ]).then(() => {}, (error) => events.failed("push", error));
    this.#storing.add(stored);
    stored.finally(() => this.#storing.delete(stored));
  }
}

function bytesOf(events: readonly CommittedEvent[]): number {
  return events.reduce((sum, { fields }) => sum + fields.length, 0);
}
