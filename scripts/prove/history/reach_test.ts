import assert from "node:assert/strict";
import { firstAbove, Reach } from "./reach.ts";
import type { TrueEvent } from "./truth.ts";

const USERS = ["ana", "bob", "cleo", "dan x"];

const event = (
  gsid: number,
  type: string,
  conversation: string,
  members?: string[],
): TrueEvent => ({
  ...{ gsid, type, conversation, prev: 0, digest: "" },
  ...(members && { members }),
});

Deno.test("Reach follows who is in a group, those who come and those who go included", () => {
  const reach = new Reach([
    event(10, "group.created", "group:g", ["ana", "bob"]),
    event(20, "message", "group:g"),
    event(30, "group.joined", "group:g", ["cleo"]),
    event(40, "group.left", "group:g", ["bob"]),
    event(50, "message", "group:g"),
    event(60, "group.joined", "group:g", ["bob"]),
  ], USERS);
  assert.deepEqual(reach.gsidsOf("ana"), [10, 20, 30, 40, 50, 60]);
  assert.deepEqual(reach.gsidsOf("bob"), [10, 20, 30, 40, 60]);
  assert.deepEqual(reach.gsidsOf("cleo"), [30, 40, 50, 60]);
  assert.deepEqual(reach.gsidsOf("dan x"), []);
  assert.ok(reach.reaches(40, "bob") && !reach.reaches(50, "bob"));
  assert.deepEqual(reach.stays, [
    { conversation: "group:g", user: "ana", joined: 10 },
    { conversation: "group:g", user: "bob", joined: 10, left: 40 },
    { conversation: "group:g", user: "cleo", joined: 30 },
    { conversation: "group:g", user: "bob", joined: 60 },
  ]);
});

Deno.test("Reach reads the two of a direct conversation from its name, and alerts are for everybody", () => {
  const reach = new Reach([
    event(10, "message", "dm:ana:dan%20x"),
    event(20, "message", "dm:bob:bob"),
    event(30, "alert", "system"),
    event(40, "message", "group:unknown"),
  ], USERS);
  const all = USERS.map((user) => reach.gsidsOf(user));
  assert.deepEqual(all, [[10, 30], [20, 30], [30], [10, 30]]);
  assert.deepEqual([...reach.of({ gsid: 40 }), ...reach.of({ gsid: 50 })], []);
});

Deno.test("firstAbove() finds the place of the first number above a limit", () => {
  for (const [limit, place] of [[0, 0], [10, 1], [15, 1], [30, 3], [31, 3]] as const) {
    assert.equal(firstAbove([10, 20, 30], limit), place);
  }
});
