/**
 * What a method of a client is: a function of who calls and what was sent.
 *
 * @module
 */

import type { JsonValue } from "shared/event.ts";
import type { UserId } from "shared/ids.ts";
import type { Answer, Caller } from "shared/bus/requests.ts";
import type { Committer } from "../commit/committer.ts";
import type { Sql } from "../store/sql.ts";

/** What methods need of the origin. */
export interface Parts {
  /** For reads. */
  sql: Sql;
  committer: Pick<Committer, "append" | "change">;
  /** Who is in as many groups is added to no other. */
  maxUserGroups: number;
  presence: {
    lookup(users: readonly UserId[]): Promise<
      ReadonlyMap<UserId, { state: "online" | "offline" | "unknown" }>
    >;
  };
}

/** `data` is the client's own. Rejects only when a part fails, never because of `data`. */
export type Method = (parts: Parts, caller: Caller, data: JsonValue) => Promise<Answer>;
