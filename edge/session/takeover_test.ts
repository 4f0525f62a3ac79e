import assert from "node:assert/strict";
import type { ConnectionId } from "shared/ids.ts";
import { Takeover } from "./takeover.ts";

Deno.test("of two connections of a device the later stays, whichever hears first", () => {
  for (const [mine, other, lost] of [[1, 2, true], [2, 1, false]] as const) {
    const early = new Takeover("c1" as ConnectionId), late = new Takeover("c1" as ConnectionId);
    early.claimed({ at: other, connection: "c2" });
    assert.equal(early.lost, false, "its own time is not known yet");
    early.connected(mine);
    late.connected(mine);
    late.claimed({ at: other, connection: "c2" });
    assert.deepEqual([early.lost, late.lost], [lost, lost]);
  }
});

Deno.test("connections of the same millisecond agree on which of them stays", () => {
  const one = new Takeover("c1" as ConnectionId), two = new Takeover("c2" as ConnectionId);
  for (const each of [one, two]) {
    each.connected(5);
    for (const connection of ["c1", "c2"]) each.claimed({ at: 5, connection });
  }
  assert.deepEqual([one.lost, two.lost], [true, false]);
});

Deno.test("a late word of an old connection does not undo that of a newer one", () => {
  const takeover = new Takeover("c1" as ConnectionId);
  takeover.claimed({ at: 9, connection: "c3" });
  takeover.claimed({ at: 1, connection: "c0" });
  takeover.connected(5);
  assert.equal(takeover.lost, true);
});
