/**
 * What was committed, and for whom: the one measure of everything else.
 *
 * Invariant: who was a member when an event was committed may see it, and nobody else. It watches
 * the database, and knows nothing of how anything is delivered.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import type { Chronicle } from "../model/chronicle.ts";
import { above, type EventRow, holds, SYSTEM, type Tables } from "../model/postgres/tables.ts";
import type { Judge } from "./judge.ts";

export interface Committed {
  readonly event: EventRow;
  readonly epoch: string;
  readonly readers: ReadonlySet<UserId>;
  /** How many were in its group then. */
  readonly members: number;
}

export class Truth {
  readonly #users: readonly UserId[];
  readonly #judge: Judge;
  readonly #chronicle: Chronicle;
  /** Everything that was ever committed, also what a restore has lost since. */
  readonly #ever = new Map<Gsid, Committed>();
  readonly #due = new Map<UserId, EventRow[]>();
  /** Messages by their sender and number. */
  readonly #numbers = new Map<string, Gsid>();
  /** Messages that an answer called new, by their sender and id. */
  readonly #new = new Map<string, Gsid>();
  #seen = 0;
  #tables: Tables | undefined;

  constructor(users: readonly UserId[], judge: Judge, chronicle: Chronicle) {
    this.#users = users;
    this.#judge = judge;
    this.#chronicle = chronicle;
    for (const user of users) this.#due.set(user, []);
  }

  watch(tables: Tables): void {
    this.#tables = tables;
  }

  /** In GSID order: what a user may see, and must. */
  due(user: UserId): readonly EventRow[] {
    return this.#due.get(user)!;
  }

  /** Also of an event that a restore has lost. */
  of(gsid: Gsid): Committed | undefined {
    return this.#ever.get(gsid);
  }

  get head(): Gsid {
    return this.#tables!.last;
  }

  get epoch(): string {
    return this.#tables!.epoch;
  }

  /** An answer to a send left out `duplicate`: once, unless a restore has lost the message since. */
  calledNew(user: UserId, id: string, gsid: Gsid): void {
    const key = `${user} ${id}`;
    const before = this.#new.get(key);
    if (before !== undefined && this.stands(before)) {
      this.#judge.fail(`${id} of ${user} was called new twice: as ${before} and as ${gsid}`);
    }
    this.#new.set(key, gsid);
  }

  stands(gsid: Gsid): boolean {
    return this.#tables!.event(gsid) !== undefined;
  }

  /** Something was appended, and is visible now. */
  readonly appended = (): void => {
    const { events } = this.#tables!;
    for (; this.#seen < events.length; this.#seen++) this.#commit(events[this.#seen]!);
  };

  /** The database was restored as it was at `upto`. */
  restored(upto: Gsid): void {
    this.#seen = this.#tables!.events.length;
    for (const due of this.#due.values()) due.length = above(due, upto);
    for (const [number, gsid] of this.#numbers) if (gsid > upto) this.#numbers.delete(number);
  }

  #commit(event: EventRow): void {
    const { gsid, type, conversation, inboxes } = event;
    const tables = this.#tables!;
    const isGroup = conversation.startsWith("group:");
    const stays = isGroup ? tables.membersOf(conversation) : [];
    const readers = new Set<UserId>(
      conversation === SYSTEM
        ? this.#users
        : isGroup
        ? stays.filter((stay) => holds(stay, gsid)).map(({ user }) => user)
        : inboxes,
    );
    const members = tables.conversations.get(conversation)!.members;
    const last = this.#ever.get(gsid);
    if (last) this.#judge.fail(`gsid ${gsid} was issued twice`);
    this.#ever.set(gsid, { event, epoch: tables.epoch, readers, members });
    for (const user of readers) this.#due.get(user)?.push(event);
    this.#chronicle.note(
      `committed ${type}`,
      gsid,
      () => `${gsid} in ${conversation} for ${[...readers]} ${event.fields}`,
    );
    if (type === "message") this.#checkNumber(event);
  }

  /** A message carries a number of its own, so that one stored twice is found out. */
  #checkNumber({ gsid, sender, fields }: EventRow): void {
    const { body: { n } } = JSON.parse(fields) as { body: { n: number } };
    const key = `${sender} ${n}`;
    const before = this.#numbers.get(key);
    if (before !== undefined) {
      this.#judge.fail(`message ${n} of ${sender} was stored twice: ${before} and ${gsid}`);
    }
    this.#numbers.set(key, gsid);
  }
}
