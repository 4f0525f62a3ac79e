/**
 * What befalls messages of the bus: lost, doubled, or so late that others overtake them.
 *
 * Invariant: each fault that is ordered befalls one message, the next of its kind; noise befalls
 * any, with its probability, until it is silenced. Knows nothing of what a message says.
 *
 * @module
 */

import { ANNOUNCE } from "shared/bus/requests.ts";
import { topicOfSubject } from "shared/topic.ts";
import type { Chronicle } from "./chronicle.ts";
import type { Random } from "./random.ts";

export type MessageKind =
  | "live message"
  | "digest"
  | "beat"
  | "received report"
  | "ended report"
  | "request"
  | "answer";
export type MessageFault = "lost" | "doubled" | "delayed";

export interface Noise {
  lost: number;
  doubled: number;
  delayed: number;
}

const SILENCE: Noise = { lost: 0, doubled: 0, delayed: 0 };
/** How late a message may come: less and more than what anybody waits for it. */
const LATE_MS = { least: 5, most: 9_000 };

export class MessageFaults {
  readonly #random: Random;
  readonly #chronicle: Chronicle;
  readonly #ordered = new Map<MessageKind, MessageFault[]>();
  #noise: Noise = SILENCE;

  constructor(random: Random, chronicle: Chronicle) {
    this.#random = random;
    this.#chronicle = chronicle;
  }

  order(kind: MessageKind, fault: MessageFault): void {
    const ordered = this.#ordered.get(kind) ?? [];
    this.#ordered.set(kind, ordered);
    ordered.push(fault);
  }

  /** Of live messages: everything else has its own means against loss, at its own pace. */
  makeNoise(noise: Noise): void {
    this.#noise = noise;
  }

  silence(): void {
    this.#noise = SILENCE;
    this.#ordered.clear();
  }

  /** After which delays the message arrives, beyond that of its wire; empty: it does not. */
  strike(kind: MessageKind): readonly number[] {
    const fault = this.#ordered.get(kind)?.shift() ?? this.#noisy(kind);
    if (!fault) return PROMPT;
    this.#chronicle.note(`fault: ${kind} ${fault}`);
    if (fault === "lost") return [];
    const lateMs = this.#random.between(LATE_MS.least, LATE_MS.most);
    return fault === "doubled" ? [0, lateMs] : [lateMs];
  }

  #noisy(kind: MessageKind): MessageFault | undefined {
    if (kind !== "live message" || this.#noise === SILENCE) return;
    const { lost, doubled, delayed } = this.#noise;
    const dice = this.#random.next();
    if (dice < lost) return "lost";
    if (dice < lost + doubled) return "doubled";
    if (dice < lost + doubled + delayed) return "delayed";
  }
}

const PROMPT: readonly number[] = [0];

export function kindOfSubject(subject: string): MessageKind {
  if (subject.startsWith("_INBOX.")) return "answer";
  if (subject.startsWith("rpc.") || subject === ANNOUNCE.askReceived) return "request";
  if (subject === ANNOUNCE.digest) return "digest";
  if (subject === ANNOUNCE.received) return "received report";
  if (subject === ANNOUNCE.ended) return "ended report";
  return topicOfSubject(subject) ? "live message" : "beat";
}
