/**
 * For tests of requests: an origin without a bus, and users who call it.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "shared/event.ts";
import type { Gsid } from "shared/gsid.ts";
import type { DeviceId, UserId } from "shared/ids.ts";
import type { TestCommitter, TestStore } from "testing/stores.ts";
import { dispatch } from "./dispatch.ts";
import type { Parts } from "./method.ts";

export interface TestOrigin {
  parts: Parts;
  committer: TestCommitter;
  /** The result, or the code of the error. */
  call(user: string, method: string, data: JsonValue): Promise<JsonObject | number>;
  /** Sends a message with a new id, and returns its gsid. */
  send(user: string, to: { user: string } | { group: string }): Promise<Gsid>;
}

export function originOn(
  store: TestStore,
  { online = [], maxUserGroups = 100 }: { online?: readonly string[]; maxUserGroups?: number } = {},
): TestOrigin {
  const committer = store.committer();
  const presence: Parts["presence"] = {
    lookup: (users) =>
      Promise.resolve(
        new Map(
          users.map((user) => [user, { state: online.includes(user) ? "online" : "offline" }]),
        ),
      ),
  };
  const parts: Parts = { sql: store.sql, committer, presence, maxUserGroups };
  let sends = 0;
  const call: TestOrigin["call"] = async (user, method, data) => {
    const caller = { user: user as UserId, device: "device" as DeviceId };
    const answer = await dispatch(parts, { ...caller, method, data });
    return "error" in answer ? answer.error.code : answer.result as JsonObject;
  };
  return {
    parts,
    committer,
    call,
    async send(user, to) {
      const sent = await call(user, "send", { to, id: `m${++sends}`, body: { n: sends } });
      if (typeof sent === "number") throw new Error(`Cannot send: refused with ${sent}`);
      return sent.gsid as Gsid;
    },
  };
}
