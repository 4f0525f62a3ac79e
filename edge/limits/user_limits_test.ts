import assert from "node:assert/strict";
import type { UserId } from "shared/ids.ts";
import { UserLimits } from "./user_limits.ts";

const ana = "ana" as UserId, ben = "ben" as UserId;

function limits() {
  return new UserLimits({
    sends: { perS: 5, burst: 20 },
    calls: { perS: 10, burst: 40 },
    maxConnections: 2,
  });
}

/** How many calls are admitted at once. */
function admitted(users: UserLimits, user: UserId, method: string, nowMs = 0): number {
  let count = 0;
  while (users.admits(user, method, nowMs)) count++;
  return count;
}

Deno.test("messages and other calls have a rate each, and each user has both", () => {
  const users = limits();
  assert.equal(admitted(users, ana, "send"), 20);
  assert.equal(admitted(users, ana, "history"), 40);
  assert.equal(admitted(users, ana, "conversations"), 0, "calls share one rate");
  assert.equal(admitted(users, ben, "send"), 20);
  assert.equal(admitted(users, ana, "send", 1000), 5);
});

Deno.test("what costs the origin more counts for more", () => {
  assert.equal(admitted(limits(), ana, "group.add"), 10);
  assert.equal(admitted(limits(), ana, "presence"), 20);
  assert.equal(admitted(limits(), ana, "constructor"), 40, "a word of the client's own");
});

Deno.test("a user has only so many connections at a time", () => {
  const users = limits();
  assert(users.connect(ana));
  assert(users.connect(ana));
  assert(!users.connect(ana));
  assert(users.connect(ben));
  users.disconnect(ana);
  assert(users.connect(ana));
  assert(!users.connect(ana));
});

Deno.test("users who have paid off what they did are forgotten", () => {
  const users = limits();
  users.admits(ana, "send", 0);
  users.admits(ana, "group.add", 0);
  users.admits(ben, "history", 300);
  assert.equal(users.size, 3);
  users.prune(200);
  assert.equal(users.size, 2);
  users.prune(400);
  assert.equal(users.size, 0);
});
