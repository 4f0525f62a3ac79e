/**
 * The one way into the log: one transaction at a time takes along whatever waits.
 *
 * Invariants: success is answered only after the commit; what was committed is told to
 * `onCommitted` in GSID order, after the answers. After an error nothing is guessed: the commands
 * run again, and their ids tell what had been stored.
 *
 * @module
 */

import { type Gsid, gsidAt } from "shared/gsid.ts";
import { type ConversationId, groupConversation } from "shared/ids.ts";
import type { Turns } from "shared/turns.ts";
import type { Reached } from "origin/moments.ts";
import type { Sql } from "origin/store/sql.ts";
import { within } from "origin/within.ts";
import { lockedOf, readCommitted } from "./append.ts";
import type { GroupChange, Message } from "./command.ts";
import {
  answerLate,
  type Command,
  CommandQueue,
  isAwaited,
  type Outcome,
  type QueueBounds,
  type Work,
} from "./command_queue.ts";
import type { CommittedEvent } from "./committed.ts";
import { type Fault, faultOf } from "./fault.ts";
import { answerBatch, commitBatch, type Committed } from "./transaction.ts";

export interface CommitterOptions {
  /** A pool of its own: no reader may wait behind a transaction that waits for the lock. */
  sql: Sql;
  onCommitted: (events: CommittedEvent[]) => void;
  /** Every failure, also one that a retry mends. */
  onFault?: (error: unknown, fault: Fault) => void;
  onBatch?: (batch: { commands: number; ms: number }) => void;
  /** So many were asked for again, and took no transaction of their own. */
  onJoined?: (askings: number) => void;
  /** A group that was silent for longer was let go by the edges. */
  archiveAfterMs: number;
  /** In ms since 1970. A clock that is set cuts nobody's time short, nor does it lengthen it. */
  wallMs: () => number;
  turns: Turns;
  /** More than this does not wait, but is refused as `busy`. Default: `QUEUE_BOUNDS`. */
  maxQueued?: number;
  maxQueuedBytes?: number;
  /** Default: 512. */
  maxBatch?: number;
  /** A command that takes longer is answered `late`. Default: 3,500. */
  answerWithinMs?: number;
  reached?: Reached;
}

export interface Committer extends AsyncDisposable {
  append(message: Message): Promise<Outcome>;
  change(change: GroupChange): Promise<Outcome>;
  /** Commands that wait for their transaction, and their bytes. */
  readonly queued: number;
  readonly queuedBytes: number;
  /** Askings for one of these that came before. */
  readonly joined: number;
  /** Resolves when everything accepted so far has been answered. */
  idle(): Promise<void>;
}

export function createCommitter(options: CommitterOptions): Committer {
  return new BatchingCommitter(options);
}

/** Half a second of commits at full speed; of the longest messages, what they may take of memory. */
export const QUEUE_BOUNDS: QueueBounds = { maxQueued: 10_000, maxQueuedBytes: 64 * 1024 * 1024 };
const SWEEP_MS = 100;
const RETRY_MS = { first: 20, most: 500 };
/** A statement without an answer for so long: its connection is taken for dead. */
const SILENCE_MS = 6_000;
/** The most by which the clock of this machine and the database's may differ. */
const CLOCK_SKEW_MS = 60_000;

type Batch = readonly Command[];

class BatchingCommitter implements Committer {
  readonly #options: Required<CommitterOptions>;
  readonly #queue: CommandQueue;
  #inFlight: Batch = [];
  #running: Promise<void> | undefined;
  #telling: Promise<void> = Promise.resolve();
  /** The highest gsid that this committer has seen: what it stores from now on is above. */
  #newest: Gsid = 0;

  constructor(options: CommitterOptions) {
    this.#options = {
      onFault: () => {},
      onBatch: () => {},
      onJoined: () => {},
      ...QUEUE_BOUNDS,
      maxBatch: 512,
      answerWithinMs: 3_500,
      reached: () => {},
      ...options,
    };
    this.#queue = new CommandQueue(this.#options, this.#options.onJoined);
  }

  get queued(): number {
    return this.#queue.length;
  }

  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  get joined(): number {
    return this.#queue.joined;
  }

  append(message: Message): Promise<Outcome> {
    return this.#add({ kind: "message", message });
  }

  change(change: GroupChange): Promise<Outcome> {
    return this.#add({ kind: "group", operation: crypto.randomUUID(), change });
  }

  async idle(): Promise<void> {
    while (this.#running) await this.#running;
    await this.#telling;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.idle();
  }

  #add(work: Work): Promise<Outcome> {
    const { turns, answerWithinMs } = this.#options;
    const outcome = this.#queue.add(work, turns.nowMs() + answerWithinMs);
    this.#running ??= this.#run();
    return outcome;
  }

  async #run(): Promise<void> {
    // All that is added in this turn of the event loop goes into the first batch.
    await Promise.resolve();
    const stopSweeping = this.#sweep();
    while (this.#queue.length > 0) {
      this.#inFlight = this.#queue.take(this.#options.maxBatch);
      const ownSince = Math.max(this.#newest, gsidAt(this.#options.wallMs() - CLOCK_SKEW_MS));
      await this.#commit(this.#inFlight, { ownSince, isUncertain: false });
    }
    this.#inFlight = [];
    stopSweeping();
    this.#running = undefined;
  }

  /**
   * Returns when every command of the batch has its answer. `isUncertain`: an earlier attempt may
   * have stored some of it, above `ownSince`.
   */
  async #commit(batch: Batch, earlier: { ownSince: Gsid; isUncertain: boolean }): Promise<void> {
    let { ownSince, isUncertain } = earlier;
    for (let attempt = 0; batch.some(isAwaited); attempt++) {
      const fault = await this.#attempt(batch, isUncertain ? ownSince : undefined);
      if (!fault) return;
      if (fault === "refused") {
        return await this.#commitOneByOne(batch, { ownSince, isUncertain });
      }
      if (fault === "locked") batch = await this.#withoutLocked(batch);
      isUncertain ||= fault === "unknown";
      await this.#pause(Math.min(RETRY_MS.first * 2 ** attempt, RETRY_MS.most));
    }
  }

  /** Only one of them is to blame: the others must not suffer for it. */
  async #commitOneByOne(
    batch: Batch,
    earlier: { ownSince: Gsid; isUncertain: boolean },
  ): Promise<void> {
    if (batch.length === 1) return answerBatch(batch, [{ outcome: "failed" }]);
    for (const single of batch) await this.#commit([single], earlier);
  }

  /**
   * Those whose conversation somebody keeps locked are answered `late` at once: waiting for it again
   * would keep the log's lock from everybody else.
   */
  async #withoutLocked(batch: Batch): Promise<Batch> {
    const { sql, turns, onFault } = this.#options;
    try {
      const asked = [...new Set(batch.map(({ work }) => conversationOf(work)))];
      const locked = await within(SILENCE_MS, lockedOf(sql, asked), "look for locks", turns);
      const isLocked = ({ work }: Command) => locked.has(conversationOf(work));
      const without = batch.filter(isLocked);
      answerBatch(without, without.map(() => ({ outcome: "late" })));
      return batch.filter((one) => !isLocked(one));
    } catch (error) {
      onFault(error, faultOf(error));
      return batch;
    }
  }

  async #attempt(batch: Batch, ownSince: Gsid | undefined): Promise<Fault | undefined> {
    const { sql, archiveAfterMs, turns, onBatch, onFault, reached } = this.#options;
    const startedMs = turns.nowMs();
    reached("before insert");
    try {
      const committing = commitBatch(sql, batch, { archiveAfterMs, ownSince });
      const committed = await within(SILENCE_MS, committing, "commit", turns);
      reached("after commit");
      onBatch({ commands: batch.length, ms: turns.nowMs() - startedMs });
      answerBatch(batch, committed.outcomes);
      this.#queue.settle(batch, committed.outcomes);
      this.#tellSoon(committed);
    } catch (error) {
      const fault = faultOf(error);
      onFault(error, fault);
      return fault;
    }
  }

  /** In its own turn of the event loop, so that the answers and the next batch are on their way. */
  #tellSoon({ events, found }: Committed): void {
    if (events.length === 0 && found.length === 0) return;
    this.#newest = Math.max(this.#newest, events.at(-1)?.gsid ?? 0, ...found);
    this.#telling = this.#telling
      .then(() => new Promise<void>((resolve) => this.#options.turns.soon(resolve)))
      .then(() => this.#tell(events, found))
      // The events are stored and answered for: the auditors deliver what is not told here.
      .catch((error) => this.#options.onFault(error, faultOf(error)));
  }

  async #tell(events: CommittedEvent[], found: Gsid[]): Promise<void> {
    const read = found.length === 0 ? [] : await readCommitted(this.#options.sql, found);
    const all = read.length === 0 ? events : [...events, ...read].sort((a, b) => a.gsid - b.gsid);
    this.#options.onCommitted(all);
  }

  /** Until the returned function is called. */
  #sweep(): () => void {
    let cancel = () => {};
    const again = () => cancel = this.#options.turns.later(sweep, SWEEP_MS);
    const sweep = () => {
      this.#dropLate();
      again();
    };
    again();
    return () => cancel();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#options.turns.later(resolve, ms));
  }

  #dropLate(): void {
    const nowMs = this.#options.turns.nowMs();
    this.#queue.dropLate(nowMs);
    for (const command of this.#inFlight) answerLate(command, nowMs);
  }
}

function conversationOf(work: Work): ConversationId {
  return work.kind === "message" ? work.message.conversation : groupConversation(work.change.group);
}
