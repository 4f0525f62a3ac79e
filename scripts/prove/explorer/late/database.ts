/**
 * The database of the late check: what each of the checkers' statements gives and does.
 *
 * Invariant: a statement is run by the simulation's model of Postgres on the tables that the state
 * stands for, and what it did is read back from them; each is worked out once.
 *
 * @module
 */

import { LATE_MS } from "origin/audit/late_check.ts";
import type { Gsid } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import type { Query } from "../../simulation/model/postgres/query.ts";
import type { Tables } from "../../simulation/model/postgres/tables.ts";
import { isReading, type Statements } from "../real/checker.ts";
import { DORA, OTTO, SAM } from "../world/cast.ts";
import { Calendar, History, type Kind } from "../world/history.ts";
import type { LateBends } from "./bends.ts";
import { AT } from "./fields.ts";
import type { Ran } from "./ran.ts";

export interface DatabaseOptions {
  story: readonly Kind[];
  /** How many events one read gives at most. */
  rows: number;
  statements: Statements;
  bends: LateBends;
}

const PLACES = [1, 2, 3] as const;
/** No group falls silent. */
const NEVER_MS = 1e9;

export class Database {
  readonly calendar = new Calendar(1);
  readonly #options: DatabaseOptions;
  /** By head. */
  readonly #histories: readonly History[];
  readonly #ran = new Map<number, Map<number, Ran>>();

  constructor(options: DatabaseOptions) {
    this.#options = options;
    const { story, rows: pageEvents } = options;
    const members = [DORA, OTTO], archiveAfterMs = NEVER_MS;
    const founded = { calendar: this.calendar, members, pageEvents, archiveAfterMs };
    this.#histories = [0, ...PLACES].map((head) => new History(founded, story.slice(0, head)));
    for (const { tables } of this.#histories) {
      for (const user of [DORA, OTTO, SAM]) {
        tables.register({ platform: "fcm", token: user, user, registeredMs: 0 });
      }
    }
  }

  /** Places, as bits: what is to reach Dora. */
  forDora(head: number): number {
    return bits((place) => place <= head && this.#histories[head]!.isForDora(place));
  }

  /** Places, as bits: what each is to be pushed, unless they have it. */
  messagesTo(user: UserId, head: number): number {
    const history = this.#histories[head]!;
    if (user === DORA) return bits((place) => place <= head && history.isMessageToDora(place));
    return bits((place) => history.kinds[place - 1] === "group");
  }

  run(s: Int32Array, call: number): Ran {
    const of = this.#ran.get(call) ?? new Map<number, Ran>();
    this.#ran.set(call, of);
    const [head, ripe, mark] = [s[AT.head]!, s[AT.ripe]!, s[AT.mark]!];
    const key = (((head * 4 + ripe) * 4 + mark) * 16 + s[AT.doras]!) * 16 + s[AT.ottos]!;
    let ran = of.get(key);
    if (!ran) of.set(key, ran = this.#run(s, this.#options.statements.get(call)!));
    return ran;
  }

  #run(s: Int32Array, query: Query): Ran {
    const { bends, rows: most } = this.#options;
    const history = this.#histories[s[AT.head]!]!;
    const { tables } = history;
    const ripe = bends.early ? s[AT.head]! : s[AT.ripe]!;
    const nowMs = this.calendar.timeOf(ripe) + LATE_MS;
    tables.checked = this.calendar.gsidOf(s[AT.mark]!);
    tables.jobs.clear();
    if (!bends.forgets) this.#addJobs(tables, s);
    const all = history.run(query, tables, nowMs);
    const read = isReading(query) ? all.slice(0, most) : [...all];
    const doras = this.#jobsOf(tables.jobs.values(), DORA);
    const ottos = this.#jobsOf(tables.jobs.values(), OTTO);
    return {
      rows: bends.read?.(query, read) ?? read,
      count: all.count,
      mark: this.placeOf(tables.checked),
      doras: doras | s[AT.doras]!,
      ottos: ottos | s[AT.ottos]!,
      again: bends.forgets === true && ((doras & s[AT.doras]!) | (ottos & s[AT.ottos]!)) !== 0,
    };
  }

  #addJobs(tables: Tables, s: Int32Array): void {
    for (const [user, at] of [[DORA, AT.doras], [OTTO, AT.ottos]] as const) {
      for (const place of PLACES) {
        if (s[at]! & (1 << place)) tables.addJob(this.calendar.gsidOf(place), user, 0);
      }
    }
  }

  placeOf(gsid: Gsid): number {
    return gsid === 0 ? 0 : this.calendar.placeOf(gsid);
  }

  #jobsOf(jobs: Iterable<{ user: UserId; gsid: Gsid }>, user: UserId): number {
    return [...jobs].filter((job) => job.user === user)
      .reduce((sum, { gsid }) => sum | (1 << this.placeOf(gsid)), 0);
  }
}

function bits(wanted: (place: number) => boolean): number {
  return PLACES.filter(wanted).reduce((sum: number, place) => sum | (1 << place), 0);
}
