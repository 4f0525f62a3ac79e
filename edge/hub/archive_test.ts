/**
 * Idle groups, as the hub has them: who holds one, what wakes it, and for whom. `proven` is 1,000.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Live } from "shared/bus/live.ts";
import type { Digest } from "shared/bus/requests.ts";
import type { UserId } from "shared/ids.ts";
import { inboxTopic } from "shared/topic.ts";
import { G, g, hubRig, IDLE_AFTER, membership, receiver, type Seen, state } from "./testing.ts";

const PROVEN = 1_000;
const IDLE = state(g, 5, PROVEN - IDLE_AFTER - 1);
const BUSY = state(g, 5, PROVEN - IDLE_AFTER);
const [toAna, toBen] = [inboxTopic("ana" as UserId), inboxTopic("ben" as UserId)];

/** Two users' connections that hold the group as idle. */
function holding(changes: Live[] = []) {
  const rig = hubRig(changes, PROVEN);
  const ana = receiver("c1", "ana"), ben = receiver("c2", "ben");
  for (const each of [ana, ben]) connect(rig, each);
  return { ...rig, ana, ben };
}

function connect({ hub }: Pick<ReturnType<typeof hubRig>, "hub">, each: Seen, head = PROVEN): void {
  hub.audience.enterInbox(each);
  hub.audience.enterGroups(each, [IDLE]);
  assert.deepEqual(hub.audience.settle(each, head, [IDLE]), []);
}

function copyOf(live: Partial<Live>): Partial<Live> {
  const data = JSON.stringify({ type: "message", conversation: "group:g" });
  return { membership: 5, data, ...live, kind: "wake" };
}

Deno.test("an idle group is not listened to, and costs a few bytes of an array", () => {
  const { hub, ledger, listening, ana } = holding();
  assert.equal(listening(G), 0);
  assert.deepEqual([hub.archive.size.held, hub.audience.size], [2, {
    inbox: 2,
    group: 0,
    alerts: 1,
  }]);
  assert.equal(ledger.subscriptions, 3);
  hub.audience.leave(ana);
  assert.equal(hub.archive.size.held, 1);
});

Deno.test("a group is idle by its last event and `proven` alone, and never if none is told", () => {
  for (const busy of [BUSY, state(g, 5), state(g, 5, PROVEN + 5)]) {
    const { hub, listening } = hubRig([], PROVEN);
    const ana = receiver("c1", "ana");
    hub.audience.enterInbox(ana);
    hub.audience.enterGroups(ana, [busy]);
    assert.deepEqual([listening(G), hub.archive.size.held], [1, 0]);
  }
});

Deno.test("a wake copy wakes the group for all who hold it, and is handed on the group's topic", () => {
  const { hub, publish, listening, log, ana, ben } = holding();
  publish(toBen, copyOf({ gsid: 1_010 }));
  assert.deepEqual([ana.got, ben.got], [[1_010], [1_010]]);
  assert.deepEqual([ana.offsets, listening(G), log], [[PROVEN], 1, ["woken by copy"]]);
  publish(toAna, copyOf({ gsid: 1_010 }));
  publish(G, { gsid: 1_010, membership: 5 });
  publish(G, { gsid: 1_020, membership: 5 });
  assert.deepEqual([ana.got, ben.got, hub.archive.size.held], [[1_010, 1_020], [1_010, 1_020], 0]);
});

Deno.test("a burst is handed out once and in order, by copies and on the group's topic, whichever is first", () => {
  const burst = [1_010, 1_020, 1_030];
  const ways: ("copies" | "topic")[][] = [["copies"], ["copies", "topic"], ["topic", "copies"]];
  for (const way of ways) {
    const { ledger, publish, listening, log, ana, ben } = holding();
    for (const gsid of burst) {
      for (const how of gsid === burst[0] ? ["copies"] : way) {
        if (how === "topic") publish(G, { gsid, membership: 5 });
        else for (const inbox of [toAna, toBen]) publish(inbox, copyOf({ gsid }));
      }
    }
    assert.deepEqual([ana.got, ben.got], [burst, burst], way.join());
    assert.deepEqual([log, listening(G)], [["woken by copy"], 1]);
    const sum: [string, number, number] = [G, 3, 1_010 ^ 1_020 ^ 1_030];
    const digest = { v: 1, epoch: "E", after: PROVEN, upto: 1_040 } as const;
    assert.equal(ledger.judge({ ...digest, topics: [sum] } as Digest).kind, "equal", way.join());
  }
});

Deno.test("copies that come while a membership change is read are handed out once, behind it", async () => {
  const joined = membership("group.joined", 1_010, ["cleo"], 5);
  const { hub, publish, reads, ana, ben } = holding([joined]);
  for (const gsid of [1_020, 1_030]) {
    for (const inbox of [toAna, toBen]) publish(inbox, copyOf({ gsid, membership: 1_010 }));
    publish(G, { gsid, membership: 1_010 });
  }
  await hub.settled();
  assert.deepEqual([reads, hub.held], [[PROVEN], 0]);
  assert.deepEqual([ana.got, ben.got], [[1_010, 1_020, 1_030], [1_010, 1_020, 1_030]]);
});

Deno.test("a wake copy counts on the group, so that no digest finds either topic differing", () => {
  const { ledger, publish } = holding();
  publish(toBen, copyOf({ gsid: 1_010 }));
  const digest = { v: 1, epoch: "E", after: PROVEN, upto: 1_020 } as const;
  assert.equal(ledger.judge({ ...digest, topics: [[G, 1, 1_010]] }).kind, "equal");
});

Deno.test("a wake copy of what is proven, of nothing readable, or of a strange group wakes nobody", () => {
  const { publish, listening, log, ana, ben } = holding();
  publish(toBen, copyOf({ gsid: PROVEN }));
  publish(toBen, {
    kind: "wake",
    gsid: 1_010,
    data: '{"type":"message","conversation":"group:h"}',
  });
  assert.deepEqual([log, listening(G)], [[], 0]);
  for (const data of ["no json", "null", '{"conversation":"dm:ana:ben"}', '{"conversation":7}']) {
    publish(toBen, { kind: "wake", gsid: 1_010, data });
  }
  assert.deepEqual(log, Array(4).fill(`poisoned ${toBen}`));
  assert.deepEqual([ana.got, ben.got], [[], []]);
});

Deno.test("what comes late from before the wake is handed to nobody", () => {
  const { publish, ana, ben } = holding();
  publish(toBen, copyOf({ gsid: 1_010 }));
  publish(G, { gsid: PROVEN - 10, membership: 5 });
  assert.deepEqual([ana.got, ben.got], [[1_010], [1_010]]);
});

Deno.test("a digest that names an idle group makes it differ, and what is read reaches all", () => {
  const { hub, ledger, log, listening, ana, ben } = holding();
  const named: Digest = {
    v: 1,
    epoch: "E",
    after: PROVEN,
    upto: 1_020,
    topics: [[G, 1, 1_010]],
  };
  assert.equal(hub.wakeNamed({ topics: [] }), false);
  assert.equal(ledger.judge(named).kind, "equal", "as far as the ledger knows");
  assert.equal(hub.wakeNamed(named), true);
  assert.deepEqual([log, listening(G)], [["woken by digest"], 1]);
  assert.equal(ledger.judge(named).kind, "differs");
  hub.mend(G, { kind: "event", gsid: 1_010, membership: 5, data: "{}" });
  assert.deepEqual([ana.got, ben.got, hub.wakeNamed(named)], [[1_010], [1_010], false]);
});

Deno.test("what the stream kept of the group or of a wake copy wakes it too", () => {
  for (const live of [copyOf({ gsid: 1_010 }), { kind: "event" } as const]) {
    const { hub, log, ana } = holding();
    const topic = live.kind === "wake" ? toBen : G;
    hub.mend(topic, { gsid: 1_010, membership: 5, data: "{}", ...live } as Live, "stream");
    assert.deepEqual([ana.got, log], [[1_010], ["woken by copy"]]);
  }
});

Deno.test("a connection that finds the group busy wakes it for those who hold it", () => {
  const { hub, publish, listening, log, ana, ben } = holding();
  const cleo = receiver("c3", "cleo");
  hub.audience.enterInbox(cleo);
  hub.audience.enterGroups(cleo, [state(g, 5, 1_010)]);
  assert.deepEqual([log, listening(G)], [["woken by entered"], 1]);
  publish(G, { gsid: 1_020, membership: 5 });
  assert.deepEqual([ana.got, ben.got, cleo.got], [[1_020], [1_020], [1_020]]);
});

Deno.test("a connection hears a group that is idle for itself, if others hear it", () => {
  const { hub, publish, ana, ben } = holding();
  publish(toBen, copyOf({ gsid: 1_010 }));
  const cleo = receiver("c3", "cleo");
  hub.audience.enterInbox(cleo);
  hub.audience.enterGroups(cleo, [IDLE]);
  publish(G, { gsid: 1_020, membership: 5 });
  assert.deepEqual([ana.got, ben.got, cleo.got], [[1_010, 1_020], [1_010, 1_020], [1_020]]);
});

Deno.test("a snapshot in which a held group is busy gives it back to be entered, once", () => {
  const { hub, publish, listening, ana, ben } = holding();
  const missing = hub.audience.settle(ana, 1_015, [state(g, 5, 1_010)]);
  assert.deepEqual([missing, listening(G)], [[state(g, 5, 1_010)], 0]);
  hub.audience.enterGroups(ana, missing);
  assert.deepEqual(hub.audience.settle(ana, 1_016, [state(g, 5, 1_010)]), []);
  publish(G, { gsid: 1_010, membership: 5 });
  publish(G, { gsid: 1_020, membership: 5 });
  assert.deepEqual([ana.got, ben.got], [[1_020], [1_010, 1_020]]);
});

Deno.test("a snapshot without a held group ends the holding", () => {
  const { hub, publish, ana, ben } = holding();
  hub.audience.settle(ana, 1_005, []);
  assert.equal(hub.archive.size.held, 1);
  publish(toBen, copyOf({ gsid: 1_010 }));
  assert.deepEqual([ana.got, ben.got], [[], [1_010]]);
});

Deno.test("who opens a group does not vouch for what the others know of their memberships", async () => {
  const left = membership("group.left", 1_005, ["ben"], 5);
  const { hub, publish, reads, ben } = holding([left]);
  const cleo = receiver("c3", "cleo");
  hub.audience.enterInbox(cleo);
  hub.audience.enterGroups(cleo, [state(g, 1_005, 1_005)]);
  publish(G, { gsid: 1_010, membership: 1_005 });
  await hub.settled();
  assert.deepEqual([reads, cleo.got, ben.got], [[PROVEN], [1_005, 1_010], []]);
});

Deno.test("one who leaves an idle group gets what was committed before, and nothing after", () => {
  const { hub, publish, ana, ben, log } = holding();
  const left = membership("group.left", 1_020, ["ben"], 5);
  publish(toBen, left);
  assert.deepEqual(log, ["woken by copy"]);
  publish(G, { gsid: 1_010, membership: 5 });
  publish(toAna, { ...left, kind: "wake" });
  publish(G, { gsid: 1_030, membership: 1_020 });
  hub.mend(G, left);
  assert.deepEqual([ben.got, ana.got], [[1_020, 1_010], [1_010, 1_020, 1_030]]);
});

Deno.test("one who joins an idle group wakes it for the others", () => {
  const { hub, publish, listening, ana } = holding();
  const cleo = receiver("c3", "cleo");
  hub.audience.enterInbox(cleo);
  publish(inboxTopic(cleo.user), membership("group.joined", 1_010, ["cleo"], 5));
  assert.deepEqual([cleo.gains, listening(G)], [[["g", 1_010, PROVEN]], 1]);
  publish(G, membership("group.joined", 1_010, ["cleo"], 5));
  publish(G, { gsid: 1_020, membership: 1_010 });
  assert.deepEqual([ana.got, cleo.got], [[1_010, 1_020], [1_010, 1_020]]);
});

Deno.test("a holder whose leave comes after its next join is told to start over", () => {
  const { publish, ana, ben } = holding();
  publish(toBen, membership("group.joined", 1_020, ["ben"], 1_010));
  publish(toBen, membership("group.left", 1_010, ["ben"], 5));
  assert.deepEqual([ben.confused, ben.gains, ana.confused], [1, [], 0]);
});

Deno.test("a join of its own that a holder hears late changes nothing", () => {
  const { hub, publish, log, ana } = holding();
  const late = receiver("c3", "ana");
  hub.audience.enterInbox(late);
  hub.audience.enterGroups(late, [IDLE]);
  publish(toAna, membership("group.joined", PROVEN - 200, ["ana"]));
  assert.deepEqual([log, late.confused, late.gains, ana.confused], [[], 0, [], 0]);
});

Deno.test("a group is let go when its newest event lies far enough below `proven`", () => {
  const { hub, ledger, publish, listening, log, ana, ben } = holding();
  publish(toBen, copyOf({ gsid: 1_010 }));
  publish(G, { gsid: 1_020, membership: 5 });
  const roundAt = (proven: number) => {
    ledger.prove(proven);
    hub.archiveIdle();
    return [listening(G), hub.archive.size.held];
  };
  assert.deepEqual(roundAt(1_020 + IDLE_AFTER), [1, 0]);
  assert.deepEqual(roundAt(1_021 + IDLE_AFTER), [0, 2]);
  assert.deepEqual(log, ["woken by copy", "archived"]);
  publish(toAna, copyOf({ gsid: 2_000 }));
  assert.deepEqual([ana.got, ben.got], [[1_010, 1_020, 2_000], [1_010, 1_020, 2_000]]);
});

Deno.test("a group stays while something of it is under way, or while it is large", async () => {
  const { hub, ledger, publish, listening, ana, ben } = holding([
    membership("group.joined", 1_015, ["cy"], 5),
  ]);
  publish(toAna, copyOf({ gsid: 1_010 }));
  const round = () => {
    hub.archiveIdle();
    return listening(G);
  };
  ledger.prove(5_000);
  ana.live = false;
  assert.equal(round(), 1, "a catch-up");
  ana.live = true;
  publish(G, { gsid: 1_020, membership: 1_015 });
  assert.equal(round(), 1, "a membership change is being read");
  await hub.settled();
  publish(toBen, membership("group.left", 5_020, ["ben"], 5));
  ledger.prove(6_000);
  assert.equal(round(), 1, "an interval that ends");
  hub.proved(6_000);
  assert.deepEqual([ben.got, round()], [[1_010, 1_015, 1_020, 5_020], 0]);
  publish(toAna, copyOf({ gsid: 6_010 }));
  publish(G, { gsid: 6_020, membership: 5, large: true });
  ledger.prove(9_000);
  assert.equal(round(), 1, "large");
});

Deno.test("a round looks at a bounded number of subscriptions, and the next goes on from there", () => {
  const { hub, ledger, log } = hubRig([], PROVEN);
  const ana = receiver("c1", "ana");
  hub.audience.enterInbox(ana);
  const groups = Array.from({ length: 10 }, (_, n) => state(`g${n}` as typeof g, 5, PROVEN));
  hub.audience.enterGroups(ana, groups);
  ledger.prove(5_000);
  const sizes = Array.from({ length: 5 }, () => {
    hub.audience.archiveIdle(4);
    return hub.archive.size.held;
  });
  // The inbox and the alerts are looked at first.
  assert.deepEqual(sizes, [2, 6, 10, 10, 10]);
  assert.equal(log.length, 10);
});
