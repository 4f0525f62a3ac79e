/**
 * Where commands wait for their transaction, and until when.
 *
 * Invariants: at most `maxQueued` wait, and of their texts at most `maxQueuedBytes`, the last one's
 * aside. A message has one place, however often it is asked for: who asks again joins who waits, and
 * at most `maxQueued` have joined. Each asking gets one answer, the latest at its own deadline,
 * whatever the database does and whatever the others were told. Knows nothing of SQL.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import { type Queued, takeBatch } from "./batch.ts";
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

/** Somebody who waits for what becomes of a command. */
export interface Asking {
  deadlineMs: number;
  resolve: (outcome: Outcome) => void;
}

export interface Command extends Queued {
  work: Work;
  /** Who waits still, in the order in which they came; nobody once all of them are answered. */
  askings: Asking[];
  /** Of a message: what an asking must have in common with it to join it. */
  identity?: string;
}

/** New it is to whoever asked last: an edge that asks again no longer hears what it asked before. */
export function answer(command: Command, outcome: Outcome): void {
  const others = command.askings;
  const last = others.pop();
  command.askings = [];
  for (const { resolve } of others) resolve(toRepeat(outcome));
  last?.resolve(outcome);
}

/** Whoever has waited too long is told so, and forgotten. `false`: nobody has. */
export function answerLate(command: Command, nowMs: number): boolean {
  const isLate = ({ deadlineMs }: Asking) => deadlineMs <= nowMs;
  const late = command.askings.filter(isLate);
  if (late.length === 0) return false;
  command.askings = command.askings.filter((asking) => !isLate(asking));
  for (const { resolve } of late) resolve({ outcome: "late" });
  return true;
}

export function isAwaited({ askings }: Command): boolean {
  return askings.length > 0;
}

function toRepeat(outcome: Outcome): Outcome {
  return outcome.outcome === "stored" ? { ...outcome, outcome: "duplicate" } : outcome;
}

export interface QueueBounds {
  maxQueued: number;
  maxQueuedBytes: number;
}

export class CommandQueue {
  #waiting: Command[] = [];
  #bytes = 0;
  #joined = 0;
  /** The messages that wait. */
  readonly #messages = new Map<string, Command>();
  readonly #bounds: QueueBounds;
  readonly #onJoined: (askings: number) => void;

  /** `onJoined`: so many askings more share what another one began. */
  constructor(bounds: QueueBounds, onJoined: (askings: number) => void) {
    this.#bounds = bounds;
    this.#onJoined = onJoined;
  }

  get length(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Askings that have no place of their own. */
  get joined(): number {
    return this.#joined;
  }

  /** What an asking joins has not begun, so that its outcome is of after the asking. */
  add(work: Work, deadlineMs: number): Promise<Outcome> {
    const named = nameOf(work);
    const same = named.identity === undefined ? undefined : this.#messages.get(named.identity);
    if (same ? this.#joined >= this.#bounds.maxQueued : this.#isFull) {
      return Promise.resolve({ outcome: "busy" });
    }
    return new Promise((resolve) => {
      const asking = { deadlineMs, resolve };
      if (same) this.#join(same, work, asking);
      else this.#append({ ...named, work, askings: [asking] });
    });
  }

  take(maxItems: number): Command[] {
    const { batch, rest } = takeBatch(this.#waiting, maxItems);
    this.#become(rest);
    return batch;
  }

  dropLate(nowMs: number): void {
    const late = this.#waiting.filter((command) => answerLate(command, nowMs));
    if (late.length > 0) this.#become(this.#waiting.filter(isAwaited));
  }

  /**
   * `commands` have their outcomes. Of a message that somebody asked for again meanwhile, what holds
   * for ever is said at once: no transaction could say anything else. A sender who was no member may
   * be one by now.
   */
  settle(commands: readonly Command[], outcomes: readonly Outcome[]): void {
    let count = 0;
    commands.forEach(({ identity }, index) => {
      const outcome = outcomes[index]!;
      if (identity === undefined || !holdsForEver(outcome)) return;
      const again = this.#messages.get(identity);
      if (!again) return;
      answer(again, toRepeat(outcome));
      count++;
    });
    if (count === 0) return;
    this.#become(this.#waiting.filter(isAwaited));
    this.#onJoined(count);
  }

  get #isFull(): boolean {
    const { maxQueued, maxQueuedBytes } = this.#bounds;
    return this.#waiting.length >= maxQueued || this.#bytes >= maxQueuedBytes;
  }

  /** Its message is the same but for where the answer goes that calls it new. */
  #join(command: Command, work: Work, asking: Asking): void {
    this.#bytes += bytesOf(work) - bytesOf(command.work);
    command.work = work;
    command.askings.push(asking);
    this.#joined++;
    this.#onJoined(1);
  }

  #append(command: Command): void {
    this.#waiting.push(command);
    this.#count(command);
  }

  #become(waiting: Command[]): void {
    this.#waiting = waiting;
    this.#bytes = this.#joined = 0;
    this.#messages.clear();
    for (const command of waiting) this.#count(command);
  }

  #count(command: Command): void {
    this.#bytes += bytesOf(command.work);
    this.#joined += command.askings.length - 1;
    if (command.identity !== undefined) this.#messages.set(command.identity, command);
  }
}

function holdsForEver(outcome: Outcome): boolean {
  return "gsid" in outcome || outcome.outcome === "conflict";
}

/** About what it takes in memory, beyond a fixed size. */
function bytesOf(work: Work): number {
  return work.kind === "message" ? work.message.fields.length : 0;
}

/** No id holds a control character, so a name has one reading. */
function nameOf(work: Work): Pick<Command, "key" | "identity"> {
  if (work.kind === "group") return {};
  const { sender, id, digest } = work.message;
  const key = `${sender}\n${id}`;
  return { key, identity: `${key}\n${digest}` };
}
