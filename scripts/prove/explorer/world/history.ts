/**
 * A sequence of commits, and the database after it.
 *
 * Invariant: an event is known by its place, 1 for the first; place 0 is the head before any. The
 * database is the simulation's model of Postgres, so origins read it with their own code.
 *
 * @module
 */

import type { Sql } from "origin/store/sql.ts";
import { type Gsid, GSID_EPOCH_MS, GSID_PER_MS, gsidAt } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import {
  addMembers,
  appendMessages,
  createGroup,
  removeMembers,
} from "../../simulation/model/postgres/append.ts";
import { Query, StatementFinder } from "../../simulation/model/postgres/query.ts";
import type { Rows } from "../../simulation/model/postgres/statement.ts";
import { holds, Tables } from "../../simulation/model/postgres/tables.ts";
import { DORA, OTTO, PAIR_CONVERSATION, SAM, TEAM, TEAM_CONVERSATION } from "./cast.ts";

/**
 * What can be committed: a message to Dora; one to the group; one that Dora's device sends, to Sam
 * or to the group; a change of who is in the group.
 */
export type Kind =
  | "direct"
  | "group"
  | "own direct"
  | "own group"
  | "Dora joins"
  | "Dora leaves"
  | "Otto joins"
  | "Otto leaves";

const CHANGES: Partial<Record<Kind, [user: UserId, joins: boolean]>> = {
  "Dora joins": [DORA, true],
  "Dora leaves": [DORA, false],
  "Otto joins": [OTTO, true],
  "Otto leaves": [OTTO, false],
};

/** Where events lie in time. */
export class Calendar {
  readonly #spacingMs: number;

  /** `spacingMs`: between two events. Tallies forget what lies 10 s back. */
  constructor(spacingMs: number) {
    this.#spacingMs = spacingMs;
  }

  /** When an event is committed, in ms since 1970. */
  readonly timeOf = (place: number): number => GSID_EPOCH_MS + (place + 1) * this.#spacingMs;

  readonly gsidOf = (place: number): Gsid => gsidAt(this.timeOf(place));

  readonly placeOf = (gsid: Gsid): number => gsid / this.gsidOf(0) - 1;
}

export interface HistoryOptions {
  calendar: Calendar;
  /** Who of Dora and Otto is in the group from the beginning. */
  members: readonly UserId[];
  /** How many events fit a page. */
  pageEvents: number;
  archiveAfterMs: number;
}

export class History {
  readonly kinds: readonly Kind[];
  /** Where sends are told apart: the number of that which is stored at each place. */
  readonly sends: readonly number[];
  readonly tables: Tables;
  readonly #options: HistoryOptions;
  readonly #repeats: number[] = [];

  constructor(
    options: HistoryOptions,
    kinds: readonly Kind[] = [],
    sends: readonly number[] = [],
  ) {
    this.#options = options;
    this.kinds = kinds;
    this.sends = sends;
    this.tables = write(options, kinds, sends);
  }

  get head(): number {
    return this.kinds.length;
  }

  with(kind: Kind, send?: number): History {
    const sends = send === undefined ? this.sends : [...this.sends, send];
    return new History(this.#options, [...this.kinds, kind], sends);
  }

  /** Where the database finds a send that comes again; 0: it is not stored. */
  placeOfRepeat(send: number): number {
    return this.#repeats[send] ??= this.#placeOfRepeat(send);
  }

  #placeOfRepeat(send: number): number {
    const at = this.sends.indexOf(send);
    if (at < 0) return 0;
    const { calendar, archiveAfterMs } = this.#options;
    // To draw a gsid moves the head, also where it is not used.
    const tables = write(this.#options, this.kinds, this.sends);
    const again = message(this.kinds[at]!, idOf(send, at + 1));
    const terms = { nowMs: calendar.timeOf(this.head + 1), silence: archiveAfterMs * GSID_PER_MS };
    const [placed] = appendMessages(tables, [again], terms);
    const [outcome, gsid] = placed!;
    if (outcome !== "duplicate") throw new Error(`Cannot repeat a send: it is ${outcome}`);
    return calendar.placeOf(gsid);
  }

  /** Whether this can be committed next. */
  allows(kind: Kind): boolean {
    const isMember = (user: UserId) => this.tables.roleIn(TEAM_CONVERSATION, user) !== undefined;
    const change = CHANGES[kind];
    return change ? isMember(change[0]) !== change[1] : kind !== "own group" || isMember(DORA);
  }

  /** Whether Dora is to get it: membership at the commit decides. */
  isForDora(place: number): boolean {
    const { gsid, conversation, inboxes } = this.#event(place);
    if (inboxes.includes(DORA)) return true;
    const stays = this.tables.membersOf(conversation).filter(({ user }) => user === DORA);
    return stays.some((stay) => holds(stay, gsid));
  }

  /** Whether Dora is to be pushed it if she does not get it. */
  isMessageToDora(place: number): boolean {
    const { type, sender } = this.#event(place);
    return type === "message" && sender !== DORA && this.isForDora(place);
  }

  /** The database as origins ask it. */
  get sql(): Sql {
    const sql = (strings: TemplateStringsArray, ...values: unknown[]) =>
      new Query(strings, values, (query) => Promise.resolve(this.run(query, this.tables)));
    return sql as unknown as Sql;
  }

  /** What a statement gives, and does to these tables. */
  run(query: Query, tables: Tables, nowMs = this.#options.calendar.timeOf(this.head)): Rows {
    return new StatementFinder().of(query).run({
      tables,
      watch: { checked() {}, jobMade() {}, spared() {}, digestCut() {}, revoked() {} },
      limits: { digestEvents: Infinity, pageEvents: this.#options.pageEvents },
      values: query.values,
      nowMs,
      lockedMs: nowMs,
    });
  }

  #event(place: number) {
    return this.tables.event(this.#options.calendar.gsidOf(place))!;
  }
}

/** The tables after these commits; the group was founded at place 0. */
function write(
  options: HistoryOptions,
  kinds: readonly Kind[],
  sends: readonly number[],
): Tables {
  const { calendar, members, archiveAfterMs } = options;
  const tables = new Tables();
  const group = { group: TEAM, conversation: TEAM_CONVERSATION, by: SAM };
  const founding = { ...group, operation: "0", users: [SAM, ...members] };
  createGroup(tables, founding, { nowMs: calendar.timeOf(0) });
  kinds.forEach((kind, i) => {
    const operation = `${i + 1}`;
    const terms = { nowMs: calendar.timeOf(i + 1), silence: archiveAfterMs * GSID_PER_MS };
    const change = CHANGES[kind];
    // Only where a rule is broken: a second row of one send.
    const isAgain = sends.indexOf(sends[i]!) < i;
    if (!change) {
      const id = idOf(isAgain ? undefined : sends[i], i + 1);
      return void appendMessages(tables, [message(kind, id)], terms);
    }
    const [user, joins] = change;
    const command = { ...group, operation, users: [user], leaving: false };
    const { outcome } = (joins ? addMembers : removeMembers)(tables, command, terms);
    if (outcome !== "stored") throw new Error(`Cannot commit "${kind}": ${outcome}`);
  });
  return tables;
}

/** Of a send that may come twice, its own. */
function idOf(send: number | undefined, place: number): string {
  return send === undefined ? `${place}` : `send ${send}`;
}

function message(kind: Kind, id: string) {
  const isGroups = kind === "group" || kind === "own group";
  const sender = kind.startsWith("own") ? DORA : SAM;
  const message = { sender, id, digest: "", fields: `{"id":"${id}"}` };
  return isGroups
    ? {
      ...message,
      kind: "group" as const,
      conversation: TEAM_CONVERSATION,
      a: undefined,
      b: undefined,
    }
    : { ...message, kind: "direct" as const, conversation: PAIR_CONVERSATION, a: DORA, b: SAM };
}
