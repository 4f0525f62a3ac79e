/**
 * Where commands wait for their transaction, and until when.
 *
 * Invariants: at most `maxQueued` wait, and of their texts at most `maxQueuedBytes`, the last one's
 * aside; each gets one answer, the latest at its deadline, whatever the database does. Knows nothing
 * of SQL.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import { type Repeated, takeBatch, type Waiting } from "./batch.ts";
import type { GroupChange, Message } from "./command.ts";

export type Outcome =
  /** In the log, now or since an earlier command. `prev`: of a message, not of a group's change. */
  | { outcome: "stored" | "duplicate"; gsid: Gsid; prev?: Gsid }
  /** A group as it was asked to be already; `gsid` is its last change. */
  | { outcome: "unchanged"; gsid: Gsid; prev?: never }
  /** The id stands for another message. */
  | { outcome: "conflict" }
  /** The sender is not in the group, or there is none. */
  | { outcome: "stranger" }
  /** The group's id is taken by somebody else's. */
  | { outcome: "exists" }
  /** Only the owner, or an admin, may do that. */
  | { outcome: "denied" }
  /** The group would be left without an owner. */
  | { outcome: "last_owner" }
  /** Nothing was done: too many wait. */
  | { outcome: "busy" }
  /** Not done in time; it may still be. The same command may be given again. */
  | { outcome: "late" }
  /** The database refuses it: a fault of ours. */
  | { outcome: "failed" };

export type Work =
  | { kind: "message"; message: Message }
  /** `operation` is this command's own id: it makes running it again harmless. */
  | { kind: "group"; operation: string; change: GroupChange };

export interface Command extends Waiting {
  work: Work;
  deadlineMs: number;
  /** The first answer counts; undefined once it was given. */
  resolve: ((outcome: Outcome) => void) | undefined;
}

export function answer(command: Command, outcome: Outcome): void {
  command.resolve?.(outcome);
  command.resolve = undefined;
}

export interface QueueBounds {
  maxQueued: number;
  maxQueuedBytes: number;
}

export class CommandQueue {
  #waiting: Command[] = [];
  #bytes = 0;
  readonly #bounds: QueueBounds;

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  get length(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(work: Work, deadlineMs: number): Promise<Outcome> {
    const { maxQueued, maxQueuedBytes } = this.#bounds;
    if (this.#waiting.length >= maxQueued || this.#bytes >= maxQueuedBytes) {
      return Promise.resolve({ outcome: "busy" });
    }
    this.#bytes += bytesOf(work);
    return new Promise((resolve) => {
      this.#waiting.push({ ...identityOf(work), work, deadlineMs, resolve });
    });
  }

  take(maxItems: number): Repeated<Command>[] {
    const { batch, rest } = takeBatch(this.#waiting, maxItems);
    this.#become(rest);
    return batch;
  }

  /** Whoever has waited too long is told so, and forgotten. */
  dropLate(nowMs: number): void {
    if (!this.#waiting.some((command) => command.deadlineMs <= nowMs)) return;
    for (const command of this.#waiting) {
      if (command.deadlineMs <= nowMs) answer(command, { outcome: "late" });
    }
    this.#become(this.#waiting.filter((command) => command.resolve));
  }

  #become(waiting: Command[]): void {
    this.#waiting = waiting;
    this.#bytes = waiting.reduce((sum, { work }) => sum + bytesOf(work), 0);
  }
}

/** About what it takes in memory, beyond a fixed size. */
function bytesOf(work: Work): number {
  return work.kind === "message" ? work.message.fields.length : 0;
}

/** No id holds a control character, so a key has one reading. */
function identityOf(work: Work): Waiting {
  if (work.kind === "group") return {};
  const { sender, id, digest } = work.message;
  return { key: `${sender}\n${id}`, digest };
}
