/**
 * Runs the late check: each event once, when it is 15 s old, and sooner for those whose connection
 * has just ended.
 *
 * Invariant: the jobs of a batch and the mark behind it commit together, so whatever dies on the
 * way, no event is passed over. Two checkers at once are harmless: one that finds the mark moved
 * since it read it, however long ago, does nothing. A checker that may have missed reports asks
 * every edge first.
 *
 * @module
 */

import type { Bus, BusStatus } from "shared/bus/bus.ts";
import { ANNOUNCE, ORIGIN_QUEUE } from "shared/bus/requests.ts";
import { type Gsid, timeOfGsid } from "shared/gsid.ts";
import type { PresenceLookup } from "../presence/lookup.ts";
import type { Sql } from "../store/sql.ts";
import { EndedCheck } from "./ended_check.ts";
import type { Every } from "./every.ts";
import {
  FULL_BATCH,
  larger,
  LATE_MS,
  LATE_WITHOUT_BUS_MS,
  type LateBatch,
  planBatch,
  smaller,
  whoLacks,
} from "./late_check.ts";
import {
  commitFindings,
  type Findings,
  readMark,
  selectLate,
  selectReachable,
} from "./late_check_store.ts";
import { askReceived, reachOf, ReceivedPositions } from "./received.ts";
import { SeenHeads } from "./seen_heads.ts";

export interface LateCheckDeps {
  sql: Sql;
  bus: Pick<Bus, "subscribe" | "requestMany" | "status" | "onStatus">;
  presence: PresenceLookup;
  /** This origin's name, for the edges that it asks. */
  origin: string;
  /** Groups of more members than this get their jobs from the pager. */
  largeGroup: number;
  /** Monotonic. */
  nowMs(): number;
  /** Wall clock, ms since 1970. */
  wallMs(): number;
  every: Every;
  events: LateCheckEvents;
}

export interface LateCheckEvents {
  checked(batch: CheckedBatch): void;
  ended(batch: { users: number; jobs: number }): void;
  /** So many positions that edges reported lie beyond the log. */
  disbelieved(positions: number): void;
  failed(error: unknown): void;
}

export interface CheckedBatch {
  events: number;
  /** Pairs of an event and a member, at most. */
  pairs: number;
  /** How many pushes the fast path had not seen to. */
  jobs: number;
  pages: number;
  ms: number;
  /** When the last of the events was committed, in ms since 1970. */
  upto: number;
}

const CHECK_MS = 1_000;
/** So long after its last round a checker has slept: reports lie unread before it. */
const STALLED_MS = 5_000;

export class LateCheck implements AsyncDisposable {
  readonly positions = new ReceivedPositions();
  readonly #deps: LateCheckDeps;
  readonly #ended: EndedCheck;
  readonly #heads = new SeenHeads();
  readonly #stack = new DisposableStack();
  #running: Promise<void> | undefined;
  #asked = false;
  #roundMs: number;
  #limits = FULL_BATCH;
  /** How far behind the mark was, and when that was seen. */
  #seen: { behindMs: number; nowMs: number };

  constructor(deps: LateCheckDeps) {
    this.#deps = deps;
    const { bus, every, nowMs } = deps;
    this.#roundMs = nowMs();
    this.#seen = { behindMs: 0, nowMs: this.#roundMs };
    this.#ended = new EndedCheck({ ...deps, positions: this.positions });
    const subscriptions = [
      bus.subscribe(ANNOUNCE.received, ({ data }) => this.#hear(data)),
      bus.subscribe(ANNOUNCE.ended, ({ data }) => this.#try(() => this.#ended.hear(data)), {
        queue: ORIGIN_QUEUE,
      }),
    ];
    for (const each of subscriptions) this.#stack.defer(() => each.unsubscribe());
    bus.onStatus((status) => this.#onStatus(status));
    this.#stack.defer(every(() => this.#tick(), CHECK_MS));
  }

  /** The age of the first event that was not looked at: about `LATE_MS` at most, while all is well. */
  get lagMs(): number {
    const { behindMs, nowMs } = this.#seen;
    return behindMs + this.#deps.nowMs() - nowMs;
  }

  /** Users whose connections ended, to be checked soon. */
  get endedUsers(): number {
    return this.#ended.waiting;
  }

  /** Checks what is due now; resolves when it is done. Never rejects. */
  async check(): Promise<void> {
    this.#tick();
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stack.dispose();
    await this.#running;
  }

  /** What the next round depends on besides the positions, as text. */
  toString(): string {
    const { events, pairs } = this.#limits;
    return `${this.#asked ? "asked" : "asks"} ${events}/${pairs} ${this.#ended}`;
  }

  /** What edges reported while the bus was away is lost: they are asked again. */
  #onStatus(status: BusStatus): void {
    if (status === "disconnected") this.#asked = false;
  }

  #tick(): void {
    if (this.#running || this.#stack.disposed) return;
    const { nowMs, events } = this.#deps;
    if (nowMs() - this.#roundMs > STALLED_MS) this.#asked = false;
    this.#roundMs = nowMs();
    this.#running = this.#run().catch(events.failed).finally(() => {
      this.#roundMs = nowMs();
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    // Edges may have received what lies ahead of every clock: their answers are judged by the log.
    if (!this.#asked) await this.#readMark();
    await this.#ask();
    await this.#checkEnded();
    while (!this.#stack.disposed && await this.#checkBatch());
  }

  async #ask(): Promise<void> {
    const { bus, origin } = this.#deps;
    if (this.#asked || bus.status !== "connected") return;
    this.#asked = true;
    try {
      await askReceived(bus, (report) => this.#hear(report), origin);
    } catch (error) {
      // Checking without positions pushes too much, which is better than too little.
      this.#deps.events.failed(error);
    }
  }

  async #checkEnded(): Promise<void> {
    const { events } = this.#deps;
    try {
      const checked = await this.#ended.check();
      if (checked) events.ended(checked);
    } catch (error) {
      events.failed(error);
    }
  }

  /** Whether more is due. */
  async #checkBatch(): Promise<boolean> {
    try {
      const isMore = await this.#checkNext();
      this.#limits = larger(this.#limits);
      return isMore;
    } catch (error) {
      this.#limits = smaller(this.#limits);
      throw error;
    }
  }

  async #checkNext(): Promise<boolean> {
    const { bus, largeGroup, nowMs, events, sql } = this.#deps;
    const startMs = nowMs();
    const { after, readMs } = await this.#readMark();
    const ageMs = bus.status === "connected" ? LATE_MS : LATE_WITHOUT_BUS_MS;
    const age = { ageMs, seen: this.#heads.before(ageMs, readMs) };
    const late = await selectLate(sql, after, age, this.#limits.events);
    const batch = planBatch(late, largeGroup, this.#limits);
    if (!batch) return false;
    const made = await commitFindings(sql, await this.#findings(batch, after));
    if (!made) return false;
    const { events: count, pairs, checked, cut } = batch;
    events.checked({
      ...made,
      events: count,
      pairs,
      ms: nowMs() - startMs,
      upto: timeOfGsid(checked),
    });
    return cut;
  }

  async #readMark(): Promise<{ after: Gsid; readMs: number }> {
    const { checked: after, behindMs, head } = await readMark(this.#deps.sql);
    const readMs = this.#deps.nowMs();
    this.#seen = { behindMs, nowMs: readMs };
    this.#heads.note(head, readMs);
    return { after, readMs };
  }

  async #findings({ conversations, paged, checked }: LateBatch, after: Gsid): Promise<Findings> {
    const interval = { after, upto: checked };
    const reachable = conversations.length === 0
      ? []
      : await selectReachable(this.#deps.sql, conversations, interval);
    const lacking = whoLacks(reachable, interval, this.positions);
    return { ...interval, lacking, conversations, paged };
  }

  #hear(report: Uint8Array): void {
    this.#try(() => {
      const { wallMs, events } = this.#deps;
      const beyond = this.positions.hear(report, reachOf(this.#heads.newest, wallMs()));
      if (beyond > 0) events.disbelieved(beyond);
    });
  }

  #try(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#deps.events.failed(error);
    }
  }
}
