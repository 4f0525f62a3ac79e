/**
 * Whom an event reaches: worked out from the database alone.
 *
 * Invariant: an event reaches whoever was in its conversation when it was committed, and the users
 * that it concerns; alerts reach everybody. It is the rule of `shared/event.ts`, stated once more
 * and without its code, for a rule that is wrong in both would show nothing. Pure.
 *
 * @module
 */

import type { Stay, TrueEvent, Truth } from "./truth.ts";

export class Reach {
  readonly #byUser: Map<string, number[]>;
  readonly #members: (event: TrueEvent) => Iterable<string>;

  /** `users`: everybody, for alerts. */
  constructor(truth: Pick<Truth, "events" | "stays">, users: Iterable<string>) {
    const byConversation = Map.groupBy(truth.stays, ({ conversation }) => conversation);
    const everybody = new Set(users);
    this.#members = (event) =>
      event.conversation === "system"
        ? everybody
        : whoWasIn(byConversation.get(event.conversation) ?? [], event.gsid);
    this.#byUser = new Map([...everybody].map((user) => [user, []]));
    for (const event of truth.events) {
      for (const user of this.of(event)) this.#byUser.get(user)?.push(event.gsid);
    }
  }

  of(event: TrueEvent): Set<string> {
    return new Set([...this.#members(event), ...event.inboxes]);
  }

  /** What reaches a user, rising. */
  gsidsOf(user: string): readonly number[] {
    return this.#byUser.get(user) ?? [];
  }

  reaches(gsid: number, user: string): boolean {
    const gsids = this.gsidsOf(user);
    return gsids[firstAbove(gsids, gsid) - 1] === gsid;
  }
}

function whoWasIn(stays: readonly Stay[], gsid: number): string[] {
  return stays.filter(({ joined, left = Infinity }) => joined <= gsid && gsid <= left)
    .map(({ user }) => user);
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
