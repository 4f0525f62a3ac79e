/**
 * Nobody is pushed what was not for them: neither a stranger nor the sender.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import type { Judge } from "./judge.ts";
import type { Truth } from "./truth.ts";

export function checkPushed(user: UserId, gsid: Gsid, truth: Truth, judge: Judge): void {
  const committed = truth.of(gsid);
  if (!committed) return judge.fail(`${user} was pushed ${gsid}, which nobody committed`);
  if (!committed.readers.has(user)) judge.fail(`${user} was pushed ${gsid} without being a member`);
  if (committed.event.sender === user) judge.fail(`${user} was pushed ${gsid} of its own`);
}
