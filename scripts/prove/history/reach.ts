/**
 * Whom an event reaches: worked out from the log of events alone.
 *
 * Invariant: an event reaches whoever was in its conversation when it was committed, whoever it
 * lets in or out included; alerts reach everybody. It is the rule of `shared/event.ts`, stated once
 * more, and without its code or the tables that it is applied to: a rule that is wrong in both
 * would show nothing. Pure.
 *
 * @module
 */

import type { Stay, TrueEvent } from "./truth.ts";

export class Reach {
  readonly #readers = new Map<number, ReadonlySet<string>>();
  readonly #byUser: ReadonlyMap<string, number[]>;
  /** Of groups, in the order in which they began. */
  readonly stays: readonly Stay[];

  /** `events` by gsid, rising. `users`: everybody, for alerts. */
  constructor(events: readonly TrueEvent[], users: Iterable<string>) {
    const everybody = new Set(users);
    const groups = new Groups();
    this.#byUser = new Map([...everybody].map((user) => [user, []]));
    for (const event of events) {
      const readers = readersOf(event, groups, everybody);
      this.#readers.set(event.gsid, readers);
      for (const user of readers) this.#byUser.get(user)?.push(event.gsid);
    }
    this.stays = groups.stays;
  }

  of({ gsid }: Pick<TrueEvent, "gsid">): ReadonlySet<string> {
    return this.#readers.get(gsid) ?? new Set();
  }

  /** What reaches a user, rising. */
  gsidsOf(user: string): readonly number[] {
    return this.#byUser.get(user) ?? [];
  }

  reaches(gsid: number, user: string): boolean {
    return this.of({ gsid }).has(user);
  }
}

function readersOf(
  event: TrueEvent,
  groups: Groups,
  everybody: ReadonlySet<string>,
): ReadonlySet<string> {
  const { type, conversation } = event;
  const [kind, ...ids] = conversation.split(":");
  if (kind === "system") return everybody;
  if (kind === "dm") return new Set(ids.map(decodeURIComponent));
  if (type === "group.created" || type === "group.joined") return groups.enter(event);
  if (type === "group.left") return groups.leave(event);
  return groups.membersOf(conversation);
}

/** Who is in which group, event by event. A set once given out never changes. */
class Groups {
  readonly stays: Stay[] = [];
  readonly #members = new Map<string, ReadonlyMap<string, Stay>>();
  readonly #sets = new WeakMap<ReadonlyMap<string, Stay>, ReadonlySet<string>>();

  membersOf(conversation: string): ReadonlySet<string> {
    return this.#setOf(this.#members.get(conversation) ?? new Map());
  }

  /** Gives those that are in afterwards. */
  enter({ conversation, gsid, members = [] }: TrueEvent): ReadonlySet<string> {
    const after = new Map(this.#members.get(conversation));
    for (const user of members) {
      const stay = { conversation, user, joined: gsid };
      this.stays.push(stay);
      after.set(user, stay);
    }
    this.#members.set(conversation, after);
    return this.#setOf(after);
  }

  /** Gives those that were in before: it is the last that whoever leaves hears. */
  leave({ conversation, gsid, members = [] }: TrueEvent): ReadonlySet<string> {
    const before = this.#members.get(conversation) ?? new Map<string, Stay>();
    const after = new Map(before);
    for (const user of members) {
      const stay = after.get(user);
      if (stay) stay.left = gsid;
      after.delete(user);
    }
    this.#members.set(conversation, after);
    return this.#setOf(before);
  }

  /** One set for all events between two changes: a large log has many. */
  #setOf(members: ReadonlyMap<string, Stay>): ReadonlySet<string> {
    const set = this.#sets.get(members) ?? new Set(members.keys());
    this.#sets.set(members, set);
    return set;
  }
}

/** The place of the first number above `limit`, in numbers that rise. */
export function firstAbove(numbers: readonly number[], limit: number): number {
  let low = 0, high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
