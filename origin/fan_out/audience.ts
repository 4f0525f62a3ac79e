/**
 * Who was in a group when an event was committed.
 *
 * Invariant: an answer never becomes stale. The gsid of a membership change is the version of the
 * list, and the list of a version does not change; so it is cached without a time to live.
 *
 * @module
 */

import { LRUCache } from "lru-cache";
import type { CommittedEvent } from "../commit/committed.ts";
import type { Gsid } from "shared/gsid.ts";
import { type ConversationId, kindOfConversation, type UserId } from "shared/ids.ts";
import type { Turns } from "shared/turns.ts";
import type { Sql } from "../store/sql.ts";
import { within } from "../within.ts";
import type { Audience } from "./decide.ts";

/** The members of a group after its membership change `membership`. */
export type ReadMembers = (conversation: ConversationId, membership: Gsid) => Promise<UserId[]>;

export interface AudiencesOptions {
  readMembers: ReadMembers;
  /** A group with more members is `large`. */
  largeGroup: number;
  timeoutMs: number;
  turns: Pick<Turns, "later">;
  onFault: (error: unknown) => void;
}

/** Ids kept in memory, over all groups: about 20 MB. */
export const MAX_CACHED_IDS = 200_000;

export class Audiences {
  readonly #options: AudiencesOptions;
  readonly #cache = new LRUCache<string, readonly UserId[]>({
    maxSize: MAX_CACHED_IDS,
    sizeCalculation: (members) => members.length + 1,
  });
  /** Lists being read: the events of a burst share them. */
  readonly #reading = new Map<string, Promise<Audience>>();

  constructor(options: AudiencesOptions) {
    this.#options = options;
  }

  /** Ids that are kept, one more for each list; lists that are being read. */
  get kept(): { ids: number; reading: number } {
    return { ids: this.#cache.calculatedSize, reading: this.#reading.size };
  }

  /** Never rejects, nor takes longer than the timeout. */
  async of(event: CommittedEvent): Promise<Audience> {
    if (kindOfConversation(event.conversation) !== "group") return [];
    if (event.members > this.#options.largeGroup) return "large";
    const key = `${event.membership} ${event.conversation}`;
    const cached = this.#cache.get(key);
    if (cached) return cached;
    const reading = this.#reading.get(key) ?? this.#read(key, event);
    this.#reading.set(key, reading);
    return await reading;
  }

  async #read(key: string, event: CommittedEvent): Promise<Audience> {
    try {
      const { readMembers, timeoutMs, turns } = this.#options;
      const reading = readMembers(event.conversation, event.membership);
      const members = await within(timeoutMs, reading, "read members", turns);
      this.#cache.set(key, members);
      return members;
    } catch (error) {
      this.#options.onFault(error);
      return "unknown";
    } finally {
      this.#reading.delete(key);
    }
  }
}

export function membersReader(sql: Sql): ReadMembers {
  return async (conversation, membership) => {
    const rows = await sql<{ user_id: UserId }[]>`
      select user_id from members
      where conversation = ${conversation} and joined <= ${membership}
        and (left_at is null or left_at > ${membership})`;
    return rows.map((row) => row.user_id);
  };
}
