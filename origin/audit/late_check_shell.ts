/**
 * Runs the late check: each event once, when it is 15 s old, and at once those of users whose
 * connection has just ended.
 *
 * Invariant: the jobs of a batch and the mark behind it commit together, so whatever dies on the
 * way, no event is passed over. Two checkers at once are harmless: the one that finds the mark held
 * leaves the batch to the other.
 *
 * @module
 */

import type { Bus, BusStatus } from "shared/bus/bus.ts";
import { ANNOUNCE, decodeMessage, type Ended, ORIGIN_QUEUE } from "shared/bus/requests.ts";
import { timeOfGsid } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import type { Sql, Transaction } from "../store/sql.ts";
import type { Every } from "./every.ts";
import { LATE_MS, LATE_WITHOUT_BUS_MS, type LateBatch, planBatch, whoLacks } from "./late_check.ts";
import {
  holdMark,
  insertJobs,
  insertPages,
  moveMark,
  selectLate,
  selectReachable,
  selectRecent,
} from "./late_check_store.ts";
import { askReceived, ReceivedPositions } from "./received.ts";

export interface LateCheckDeps {
  sql: Sql;
  bus: Pick<Bus, "subscribe" | "requestMany" | "status" | "onStatus">;
  /** This origin's name, for the edges that it asks. */
  origin: string;
  /** Groups of more members than this get their jobs from the pager. */
  largeGroup: number;
  every: Every;
  events: LateCheckEvents;
}

export interface LateCheckEvents {
  /** `jobs`: how many pushes the fast path had not seen to. */
  checked(batch: { events: number; jobs: number; pages: number; upto: number }): void;
  ended(batch: { users: number; jobs: number }): void;
  failed(error: unknown): void;
}

const CHECK_MS = 1_000;
/** Users whose connections ended, remembered until the next check; the late check sees to more. */
const MAX_ENDED = 10_000;

export class LateCheck implements AsyncDisposable {
  readonly positions = new ReceivedPositions();
  readonly #deps: LateCheckDeps;
  readonly #stack = new DisposableStack();
  #running: Promise<void> | undefined;
  #asked = false;
  /** Their edges' last report of what was received comes up to a second later. */
  #endedNow = new Set<UserId>();
  #endedBefore = new Set<UserId>();

  constructor(deps: LateCheckDeps) {
    this.#deps = deps;
    const { bus, every } = deps;
    const subscriptions = [
      bus.subscribe(ANNOUNCE.received, ({ data }) => this.#try(() => this.positions.hear(data))),
      bus.subscribe(ANNOUNCE.ended, ({ data }) => this.#try(() => this.#hearEnded(data)), {
        queue: ORIGIN_QUEUE,
      }),
    ];
    for (const each of subscriptions) this.#stack.defer(() => each.unsubscribe());
    bus.onStatus((status) => this.#onStatus(status));
    this.#stack.defer(every(() => this.#tick(), CHECK_MS));
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

  /** What edges reported while the bus was away is lost: they are asked again. */
  #onStatus(status: BusStatus): void {
    if (status === "disconnected") this.#asked = false;
  }

  #tick(): void {
    if (this.#running || this.#stack.disposed) return;
    this.#running = this.#run().catch((error) => this.#deps.events.failed(error))
      .finally(() => this.#running = undefined);
  }

  async #run(): Promise<void> {
    await this.#ask();
    await this.#checkEnded();
    while (!this.#stack.disposed && await this.#checkBatch());
  }

  async #ask(): Promise<void> {
    const { bus, origin } = this.#deps;
    if (this.#asked || bus.status !== "connected") return;
    this.#asked = true;
    try {
      await askReceived(bus, this.positions, origin);
    } catch (error) {
      // Checking without positions pushes too much, which is better than too little.
      this.#deps.events.failed(error);
    }
  }

  /** Whether more is due. */
  async #checkBatch(): Promise<boolean> {
    const ageMs = this.#deps.bus.status === "connected" ? LATE_MS : LATE_WITHOUT_BUS_MS;
    const done = await this.#deps.sql.begin(async (transaction) => {
      const after = await holdMark(transaction);
      if (after === undefined) return;
      const late = await selectLate(transaction, after, ageMs);
      const batch = planBatch(late, this.#deps.largeGroup);
      if (!batch) return;
      const jobs = await this.#makeJobs(transaction, batch, after);
      const pages = await insertPages(transaction, batch.paged);
      await moveMark(transaction, batch.checked);
      return { batch, jobs, pages };
    });
    if (!done) return false;
    const { batch: { events, checked, cut }, jobs, pages } = done;
    this.#deps.events.checked({ events, jobs, pages, upto: timeOfGsid(checked) });
    return cut;
  }

  async #makeJobs(sql: Transaction, { conversations, checked }: LateBatch, after: number) {
    if (conversations.length === 0) return 0;
    const interval = { after, upto: checked };
    const reachable = await selectReachable(sql, conversations, interval);
    const lacking = whoLacks(reachable, checked, this.positions);
    return await insertJobs(sql, lacking, conversations, interval);
  }

  #hearEnded(data: Uint8Array): void {
    for (const user of decodeMessage<Ended>(data).users) {
      if (this.#endedNow.size < MAX_ENDED) this.#endedNow.add(user);
    }
  }

  /** Makes jobs only, and leaves the mark alone: so it may fail, and a user may be left out. */
  async #checkEnded(): Promise<void> {
    const users = [...this.#endedBefore];
    this.#endedBefore = this.#endedNow;
    this.#endedNow = new Set();
    if (users.length === 0) return;
    const { sql, largeGroup, events } = this.#deps;
    try {
      const recent = await selectRecent(sql, users, LATE_MS, largeGroup);
      const lacking = whoLacks(recent.reachable, recent.upto, this.positions);
      const jobs = await insertJobs(sql, lacking, recent.conversations, recent);
      events.ended({ users: users.length, jobs });
    } catch (error) {
      events.failed(error);
    }
  }

  #try(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#deps.events.failed(error);
    }
  }
}
