/**
 * The late check, sooner, for users whose connection has just ended: what they may have missed with
 * it need not wait until it is 15 s old.
 *
 * Invariant: it makes jobs only and leaves the mark alone, so it may fail, and leave out whomever
 * it likes: the late check looks at all of it again. It leaves out whoever is looking at another
 * device: that one may have what it has not confirmed yet. At most `MAX_CHECKED` users a round,
 * since an edge that goes ends all its connections at once.
 *
 * @module
 */

import { decodeMessage, type Ended } from "shared/bus/requests.ts";
import type { UserId } from "shared/ids.ts";
import { isLookingAt } from "../fan_out/decide.ts";
import { UNKNOWN } from "../presence/interpret.ts";
import type { PresenceLookup } from "../presence/lookup.ts";
import type { Sql } from "../store/sql.ts";
import { type Lacking, LATE_MS, whoLacks } from "./late_check.ts";
import { insertJobs, selectRecent } from "./late_check_store.ts";
import type { ReceivedPositions } from "./received.ts";

export interface EndedCheckDeps {
  sql: Sql;
  presence: PresenceLookup;
  positions: Pick<ReceivedPositions, "of">;
  /** Groups of more members than this are left to the pager. */
  largeGroup: number;
}

/** Users remembered until their round comes. */
export const MAX_WAITING = 10_000;
const MAX_CHECKED = 1_000;

export class EndedCheck {
  readonly #deps: EndedCheckDeps;
  /** Their edges' last report of what was received comes up to a second later. */
  #now = new Set<UserId>();
  #before = new Set<UserId>();

  constructor(deps: EndedCheckDeps) {
    this.#deps = deps;
  }

  /** Users whose round is yet to come. */
  get waiting(): number {
    return this.#now.size + this.#before.size;
  }

  /** @throws {RangeError} When the bytes are no report. */
  hear(data: Uint8Array): void {
    for (const user of decodeMessage<Ended>(data).users) {
      if (this.waiting < MAX_WAITING) this.#now.add(user);
    }
  }

  /** To be called every second; `undefined` when nobody's turn has come. */
  async check(): Promise<{ users: number; jobs: number } | undefined> {
    const users = [...this.#before].slice(0, MAX_CHECKED);
    for (const user of users) this.#before.delete(user);
    for (const user of this.#now) this.#before.add(user);
    this.#now = new Set();
    if (users.length === 0) return;
    const { sql, largeGroup, positions } = this.#deps;
    const recent = await selectRecent(sql, users, LATE_MS, largeGroup);
    if (recent.conversations.length === 0) return { users: users.length, jobs: 0 };
    const lacking = await this.#notLooking(whoLacks(recent.reachable, recent, positions));
    const jobs = await insertJobs(sql, lacking, recent.conversations, recent);
    return { users: users.length, jobs };
  }

  /** Whose round comes next, and whose after it, as text. */
  toString(): string {
    return `[${[...this.#before]}] [${[...this.#now]}]`;
  }

  async #notLooking(lacking: Lacking[]): Promise<Lacking[]> {
    const presence = await this.#deps.presence.lookup(lacking.map(({ user }) => user));
    return lacking.filter(({ user }) => !isLookingAt(presence.get(user) ?? UNKNOWN));
  }
}
