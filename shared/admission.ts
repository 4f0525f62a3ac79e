/**
 * Letting in a bounded number at a time, and the rest in turn.
 *
 * Invariant: at most `places` are taken, and at most `placesPerKey` by one key. Who waits
 * goes in by turns among the keys, so that one with a thousand visits delays another's by no more
 * than a place; and every visit that waits gets in, is refused when its patience ends, or leaves.
 * Knows nothing of what is done inside.
 *
 * @module
 */

import type { Turns } from "shared/turns.ts";

/** Too many came before it. It may be tried again later. */
export class Refused extends Error {
  override name = "Refused";
}

export interface Visit {
  /** True: it is inside, and must be ended. False: it was refused, or ended while it waited. */
  readonly entered: Promise<boolean>;
  /** Gives the place back, or leaves the line. May be called again. */
  end(): void;
}

export interface VisitOptions {
  /** Default: as long as it takes. */
  patienceMs?: number;
  /** Places that it takes. Default: 1. */
  places?: number;
}

export interface AdmissionOptions {
  places: number;
  /** Default: all of them. */
  placesPerKey?: number;
  /** Visits whose patience has an end; others wait at their caller's expense, beside these. */
  maxWaiting: number;
  /** Default: all of them. */
  maxWaitingPerKey?: number;
  turns: Pick<Turns, "nowMs" | "later">;
  events?: AdmissionEvents;
}

export interface AdmissionEvents {
  entered(waitedMs: number): void;
  /** `full`: the line was too long. `late`: its patience ended. */
  refused(why: "full" | "late"): void;
}

const SILENT: AdmissionEvents = { entered() {}, refused() {} };

interface Waiting<Key> {
  key: Key;
  places: number;
  sinceMs: number;
  isCounted: boolean;
  state: "waiting" | "inside" | "over";
  settle(entered: boolean): void;
  cancelTimer(): void;
}

export class Admission<Key> {
  readonly #options: Required<AdmissionOptions>;
  /** Who waits, by key; the first key is the next to have its turn. */
  readonly #lines = new Map<Key, Waiting<Key>[]>();
  readonly #insideOf = new Map<Key, number>();
  #lastWaitMs = 0;
  #inside = 0;
  #waiting = 0;
  #counted = 0;

  constructor(options: AdmissionOptions) {
    const { places, maxWaiting } = options;
    this.#options = {
      placesPerKey: places,
      maxWaitingPerKey: maxWaiting,
      events: SILENT,
      ...options,
    };
  }

  /** Places that there are. */
  get places(): number {
    return this.#options.places;
  }

  /** Places that are taken. */
  get inside(): number {
    return this.#inside;
  }

  /** Visits that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Of these, whose patience has an end: at most `maxWaiting`. */
  get waitingWithPatience(): number {
    return this.#counted;
  }

  /** Whether whoever comes now, and has not all the time there is, would be refused. */
  get isFull(): boolean {
    return this.#counted >= this.#options.maxWaiting;
  }

  /** How long whoever comes now would wait, judged by the last one that went in. */
  get expectedWaitMs(): number {
    return this.#waiting > 0 ? this.#lastWaitMs : 0;
  }

  /** Asks for a place on behalf of `key`. */
  visit(key: Key, { patienceMs = Infinity, places = 1 }: VisitOptions = {}): Visit {
    const { promise: entered, resolve } = Promise.withResolvers<boolean>();
    const visit: Waiting<Key> = {
      key,
      places,
      sinceMs: this.#options.turns.nowMs(),
      isCounted: patienceMs < Infinity,
      state: "waiting",
      settle: resolve,
      cancelTimer() {},
    };
    if (this.#hasRoomFor(visit)) this.#letIn(visit);
    else if (visit.isCounted && this.#isFullFor(key)) this.#refuse(visit, "full");
    else this.#queue(visit, patienceMs);
    return { entered, end: () => this.#end(visit) };
  }

  /** Does something inside. @throws {Refused} */
  async run<Result>(
    key: Key,
    task: () => Promise<Result>,
    options?: VisitOptions,
  ): Promise<Result> {
    const visit = this.visit(key, options);
    try {
      if (!await visit.entered) throw new Refused("Cannot begin: too much is under way");
      return await task();
    } finally {
      visit.end();
    }
  }

  /** Nobody who waits is overtaken: whoever could go in has gone in when a place came free. */
  #hasRoomFor({ key, places: wanted }: Waiting<Key>): boolean {
    const { places, placesPerKey } = this.#options;
    const own = this.#insideOf.get(key) ?? 0;
    return this.#inside + wanted <= places && own + wanted <= placesPerKey;
  }

  #isFullFor(key: Key): boolean {
    return this.isFull || (this.#lines.get(key)?.length ?? 0) >= this.#options.maxWaitingPerKey;
  }

  #letIn(visit: Waiting<Key>): void {
    visit.state = "inside";
    this.#inside += visit.places;
    this.#insideOf.set(visit.key, (this.#insideOf.get(visit.key) ?? 0) + visit.places);
    this.#lastWaitMs = this.#options.turns.nowMs() - visit.sinceMs;
    this.#options.events.entered(this.#lastWaitMs);
    visit.settle(true);
  }

  #refuse(visit: Waiting<Key>, why: "full" | "late"): void {
    visit.state = "over";
    this.#options.events.refused(why);
    visit.settle(false);
  }

  #queue(visit: Waiting<Key>, patienceMs: number): void {
    const line = this.#lines.get(visit.key);
    if (line) line.push(visit);
    else this.#lines.set(visit.key, [visit]);
    this.#waiting++;
    if (!visit.isCounted) return;
    this.#counted++;
    visit.cancelTimer = this.#options.turns.later(() => {
      this.#unqueue(visit);
      this.#refuse(visit, "late");
    }, patienceMs);
  }

  #unqueue(visit: Waiting<Key>): void {
    const line = this.#lines.get(visit.key)!;
    line.splice(line.indexOf(visit), 1);
    if (line.length === 0) this.#lines.delete(visit.key);
    this.#forget(visit);
  }

  #forget(visit: Waiting<Key>): void {
    visit.cancelTimer();
    this.#waiting--;
    if (visit.isCounted) this.#counted--;
  }

  #end(visit: Waiting<Key>): void {
    const { state, key, places } = visit;
    visit.state = "over";
    if (state === "waiting") {
      this.#unqueue(visit);
      visit.settle(false);
    }
    if (state !== "inside") return;
    this.#inside -= places;
    const rest = this.#insideOf.get(key)! - places;
    if (rest > 0) this.#insideOf.set(key, rest);
    else this.#insideOf.delete(key);
    for (let next; (next = this.#next());) this.#letIn(next);
  }

  /** Takes the visit out of its line whose turn it is, if it has room. */
  #next(): Waiting<Key> | undefined {
    for (const [key, line] of this.#lines) {
      if (!this.#hasRoomFor(line[0]!)) continue;
      const visit = line.shift()!;
      // The next one of this key comes after those of the others.
      this.#lines.delete(key);
      if (line.length > 0) this.#lines.set(key, line);
      this.#forget(visit);
      return visit;
    }
  }
}
