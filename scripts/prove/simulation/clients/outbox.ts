/**
 * What a device sends: each message until it is answered, under one id for ever.
 *
 * Invariant: an answer is held against the truth: what was acknowledged is stored, as it was sent, a
 * repeat is the same message, and it is called new once. What is not answered is sent again, on whatever connection there is.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import type { GroupId, UserId } from "shared/ids.ts";
import type { Judge } from "../checks/judge.ts";
import type { Truth } from "../checks/truth.ts";
import type { Models } from "../models.ts";
import type { RpcAnswer, Session } from "./session.ts";

export type Recipient = { user: UserId } | { group: GroupId };

interface Outgoing {
  id: string;
  to: Recipient;
  body: { n: number };
  /** As which it was ever acknowledged. */
  gsid: Gsid | undefined;
  /** The app knows of no answer, and sends it until there is one. */
  open: boolean;
  waiting: boolean;
}

export interface OutboxDeps {
  /** Of the device. */
  name: string;
  user: UserId;
  models: Models;
  truth: Truth;
  judge: Judge;
  /** The connection to send on, if there is one. */
  session(): Session | undefined;
  /** The answer tells of this event. */
  onTold(gsid: Gsid): void;
}

const RETRY_MS = { least: 100, most: 1_500 };
/** An SDK waits no longer, and throws a later answer away. */
const ANSWER_WITHIN_MS = 5_000;

export class Outbox {
  readonly #deps: OutboxDeps;
  readonly #messages: Outgoing[] = [];
  /** Of its messages, those that were open when it wrote to its disk. */
  #saved: readonly Outgoing[] = [];
  #sent = 0;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  /** Messages without an answer. */
  get unanswered(): number {
    return this.#open().length;
  }

  isUnanswered(id: string): boolean {
    return this.#open().some((each) => each.id === id);
  }

  send(to: Recipient): void {
    this.#begin(this.#newMessage(to));
  }

  /** The same from two devices of a user, at about the same time. */
  sendWith(other: Outbox, to: Recipient): void {
    const message = this.#newMessage(to);
    other.#begin({ ...message });
    this.#begin(message);
  }

  /** Sends what was not answered: there is a connection now. */
  flush(): void {
    for (const message of this.#open()) this.#transmit(message);
  }

  /** Writes to its disk. */
  save(): void {
    this.#saved = this.#open();
  }

  /** Comes back as it was saved: answers that came since are forgotten. */
  setBack(): void {
    for (const message of this.#saved) message.open = true;
  }

  /**
   * Sends once more what was answered already, as an app does that was killed too early: until it is
   * answered again, since it may be a message that a restore has lost, and the answer is all of it.
   */
  repeat(): void {
    const message = this.#messages.findLast(({ open }) => !open);
    if (!message) return;
    message.open = true;
    this.#transmit(message);
  }

  /** Uses the id of an older message for another one, as no app should. */
  reuse(): void {
    const id = this.#messages.find(({ open }) => !open)?.id;
    if (id === undefined) return;
    const { user, session, onTold } = this.#deps;
    const message = { to: { user }, id, body: { n: this.#number() } };
    session()?.call("send", message, (answer) => {
      this.#note(id, answer);
      // A restore has lost the other one: then this is a message like any.
      if ("data" in answer) onTold(answer.data.gsid as Gsid);
    });
  }

  #newMessage(to: Recipient): Outgoing {
    const n = this.#number();
    const id = `${this.#deps.name}-${n}`;
    return { id, to, body: { n }, gsid: undefined, open: true, waiting: false };
  }

  #begin(message: Outgoing): void {
    this.#messages.push(message);
    this.#transmit(message);
  }

  #open(): Outgoing[] {
    return this.#messages.filter(({ open }) => open);
  }

  /** Different for all messages of a user, from whichever device. */
  #number(): number {
    return ++this.#sent * 10 + Number(this.#deps.name.at(-1));
  }

  #transmit(message: Outgoing): void {
    const session = this.#deps.session();
    if (!session || message.waiting) return;
    const { timeline } = this.#deps.models;
    message.waiting = true;
    let answered = false;
    const settle = (answer: RpcAnswer | undefined) => {
      if (answered) return;
      answered = true;
      message.waiting = false;
      if (answer) this.#onAnswer(message, answer);
      else if (message.open) this.#transmit(message);
    };
    timeline.after(ANSWER_WITHIN_MS, () => settle(undefined));
    const { id, to, body } = message;
    session.call("send", { to, id, body }, (answer) => {
      this.#note(id, answer);
      settle(answer);
    });
  }

  #onAnswer(message: Outgoing, answer: RpcAnswer): void {
    const { timeline, random } = this.#deps.models;
    if ("error" in answer) {
      if (answer.error.temporary) {
        const waitMs = random.between(RETRY_MS.least, RETRY_MS.most);
        timeline.after(waitMs, () => message.open && this.#transmit(message));
      } else this.#messages.splice(this.#messages.indexOf(message), 1);
      return;
    }
    const gsid = answer.data.gsid as Gsid;
    this.#checkAnswer(message, gsid);
    message.gsid = gsid;
    message.open = false;
    this.#deps.onTold(gsid);
  }

  /** Also of an answer that comes too late for the app. */
  #note(id: string, answer: RpcAnswer): void {
    const { user, truth, models: { chronicle } } = this.#deps;
    if ("error" in answer) return chronicle.note(`send answered ${answer.error.code}`);
    if (answer.data.duplicate) return chronicle.note("send answered again");
    chronicle.note("send answered");
    truth.calledNew(user, id, answer.data.gsid as Gsid);
  }

  /** What was acknowledged is stored, and a repeat is the same message. */
  #checkAnswer({ id, body, gsid: before }: Outgoing, gsid: Gsid): void {
    const { truth, judge } = this.#deps;
    const event = truth.of(gsid)?.event;
    const stored = event && JSON.parse(event.fields) as { id: string; body: { n: number } };
    if (stored?.id !== id || stored.body.n !== body.n) {
      judge.fail(`${id} was acknowledged as ${gsid}, which is ${event?.fields}`);
    }
    if (before !== undefined && before !== gsid && truth.stands(before)) {
      judge.fail(`${id} was acknowledged as ${before} and as ${gsid}`);
    }
  }
}
