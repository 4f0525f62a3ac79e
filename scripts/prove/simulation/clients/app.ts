/**
 * The app on a device: what it has got, and up to where it may resume.
 *
 * Invariant: what it stores outlives its connections, unless it is set back. Each cursor that it is
 * given is held against the truth: one must never pass an event that this app has not got.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import type { Position } from "shared/wire/codec.ts";
import { above, type EventRow } from "../model/postgres/tables.ts";
import type { Judge } from "../checks/judge.ts";
import type { Truth } from "../checks/truth.ts";

interface Stored {
  got: Set<Gsid>;
  cursor: Position | undefined;
  from: Gsid;
}

export interface AppOptions {
  user: UserId;
  name: string;
  truth: Truth;
  judge: Judge;
  /** Whether the app goes on sending this message until it is answered: the answer tells it. */
  isUnanswered(id: string): boolean;
  /** It has got an event that it never had. */
  onNew(gsid: Gsid): void;
}

export class App {
  readonly #options: AppOptions;
  #got = new Set<Gsid>();
  #cursor: Position | undefined;
  /** What lies below was not asked for, or was read in another way. */
  #from: Gsid = 0;
  /** Of what is due, so many are known to be there. */
  #complete = 0;
  /** Its own, which it was to be told by answers that are still to come. */
  readonly #unanswered = new Set<Gsid>();
  readonly #everGot = new Set<Gsid>();
  #saved: Stored | undefined;

  constructor(options: AppOptions) {
    this.#options = options;
  }

  get cursor(): Position | undefined {
    return this.#cursor;
  }

  /** Whether this app has ever got the event. */
  hasGot(gsid: Gsid): boolean {
    return this.#everGot.has(gsid);
  }

  /** A connection that begins at `head`: the app reads what was before with `history`. */
  reload(head: Gsid, epoch: string): void {
    this.#cursor = { gsid: head, epoch };
    this.#from = head;
    this.#complete = above(this.#due, head);
  }

  /** `epoch`: the history that its connection belongs to. */
  get(gsid: Gsid, epoch: string): void {
    const { user, name, truth, judge } = this.#options;
    const committed = truth.of(gsid);
    if (!committed) return judge.fail(`${name} got ${gsid}, which nobody committed`);
    // A restore takes joins back: until an edge hears of it, it goes by what it knew.
    const isStranger = !committed.readers.has(user) && committed.epoch === epoch;
    if (isStranger) return judge.fail(`${name} was shown ${gsid} without being a member`);
    this.#got.add(gsid);
    this.#unanswered.delete(gsid);
    if (!this.hasGot(gsid)) this.#options.onNew(gsid);
    this.#everGot.add(gsid);
  }

  /** It is told that it may resume from here. */
  move(gsid: Gsid, epoch: string): void {
    this.#cursor = { gsid, epoch };
    const { name, judge, truth } = this.#options;
    // Of a history that is no more: whoever resumes from it is told so, and reloads.
    if (epoch !== truth.epoch) return;
    const lacking = this.#lacksUpTo(gsid);
    if (lacking === undefined) return;
    judge.fail(`${name} may resume from ${gsid}, but has not got ${lacking}`);
  }

  /** The first event up to `upto` that it should have and has not. */
  lacks(upto: Gsid): Gsid | undefined {
    const lacking = this.#lacksUpTo(upto);
    if (lacking !== undefined) return lacking;
    return [...this.#unanswered].find((gsid) =>
      gsid > this.#from && this.#options.truth.stands(gsid)
    );
  }

  /** Writes to its disk. */
  save(): void {
    this.#saved = { got: new Set(this.#got), cursor: this.#cursor, from: this.#from };
  }

  /** Comes back as it was saved, or as new. */
  setBack(): void {
    const { got, cursor, from } = this.#saved ?? { got: new Set(), cursor: undefined, from: 0 };
    this.#got = new Set(got);
    this.#cursor = cursor;
    this.#from = from;
    this.#complete = above(this.#due, from);
  }

  /** Begins as new, at the head, when it connects next. */
  startAnew(): void {
    this.#saved = undefined;
    this.setBack();
  }

  get #due(): readonly EventRow[] {
    return this.#options.truth.due(this.#options.user);
  }

  #lacksUpTo(upto: Gsid): Gsid | undefined {
    const due = this.#due;
    // A restore has shortened it, perhaps.
    this.#complete = Math.min(this.#complete, due.length);
    for (; this.#complete < due.length; this.#complete++) {
      const event = due[this.#complete]!;
      const { gsid } = event;
      if (gsid > upto) return;
      if (gsid <= this.#from || this.#got.has(gsid)) continue;
      if (!this.#isUnanswered(event)) return gsid;
      this.#unanswered.add(gsid);
    }
  }

  /** An SDK that has waited too long throws the answer away: the app asks again, and is told then. */
  #isUnanswered({ sender, fields }: EventRow): boolean {
    if (sender !== this.#options.user) return false;
    return this.#options.isUnanswered((JSON.parse(fields) as { id: string }).id);
  }
}
