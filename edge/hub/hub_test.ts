import assert from "node:assert/strict";
import type { Digest } from "shared/bus/requests.ts";
import type { GroupId, UserId } from "shared/ids.ts";
import { groupTopic, inboxTopic } from "shared/topic.ts";
import { MAX_HELD } from "./hub.ts";
import { enter, G, g, hubRig, membership, receiver, state } from "./testing.ts";

Deno.test("each device has a subscription of its own, and gets each event once", () => {
  const { hub, publish, listening } = hubRig();
  const phone = receiver("c1", "ana"), laptop = receiver("c2", "ana");
  hub.audience.enterInbox(phone);
  hub.audience.enterInbox(laptop);
  const inbox = inboxTopic("ana" as UserId);
  assert.equal(listening(inbox), 2);
  publish(inbox, { gsid: 20 });
  publish(inbox, { gsid: 20 });
  hub.mend(inbox, { kind: "event", gsid: 20, membership: 0, data: "{}" });
  assert.deepEqual([phone.got, laptop.got], [[20], [20]]);
  assert.deepEqual(phone.offsets, [10], "the cursor is what was proven, not the event's own gsid");
  hub.audience.leave(phone);
  assert.equal(listening(inbox), 1);
});

Deno.test("what the answer to a send told a connection counts as handed to its inbox alone", () => {
  const { hub, ledger, publish } = hubRig();
  const phone = receiver("c1", "ana"), laptop = receiver("c2", "ana");
  const inbox = inboxTopic("ana" as UserId);
  const digest = { v: 1, epoch: "E", after: 10, upto: 20, topics: [[inbox, 1, 20]] } as Digest;
  hub.audience.enterInbox(phone);
  hub.answered(phone, 20);
  assert.deepEqual(ledger.judge(digest), { kind: "equal", upto: 20 }, "nothing to mend");
  hub.audience.enterInbox(laptop);
  assert.equal(ledger.judge(digest).kind, "differs", "the other device lacks it");
  publish(inbox, { gsid: 20 });
  assert.deepEqual([phone.got, laptop.got], [[], [20]]);
});

Deno.test("a group has one subscription on the edge, which ends with its last member", () => {
  const { hub, publish, listening } = hubRig();
  const ana = receiver("c1", "ana"), ben = receiver("c2", "ben");
  for (const each of [ana, ben]) {
    hub.audience.enterInbox(each);
    enter(hub, each, g, 5);
  }
  assert.equal(listening(G), 1);
  publish(G, { gsid: 20, membership: 5 });
  assert.deepEqual([ana.got, ben.got], [[20], [20]]);
  hub.audience.leave(ana);
  assert.equal(listening(G), 1);
  hub.audience.leave(ben);
  assert.equal(listening(G), 0);
});

Deno.test("one who left gets what was committed before, however late, and nothing after", () => {
  const { hub, ledger, publish, listening } = hubRig();
  const ana = receiver("c1", "ana"), ben = receiver("c2", "ben");
  for (const each of [ana, ben]) {
    hub.audience.enterInbox(each);
    enter(hub, each, g, 5);
  }
  const left = membership("group.left", 30, ["ben"], 5);
  publish(G, left);
  publish(inboxTopic("ben" as UserId), left);
  publish(G, { gsid: 40, membership: 30 });
  hub.mend(G, { kind: "event", gsid: 25, membership: 5, data: "{}" });
  assert.deepEqual(ben.got, [30, 25]);
  assert.deepEqual(ana.got, [30, 40, 25]);
  hub.audience.leave(ana);
  assert.equal(listening(G), 1, "until everything before the leave is proven");
  ledger.prove(40);
  hub.proved(40);
  assert.equal(listening(G), 0);
});

Deno.test("an event that overtook a membership change waits until the change was read", async () => {
  const left = membership("group.left", 30, ["ben"], 5);
  const { hub, publish, reads } = hubRig([left]);
  const ana = receiver("c1", "ana"), ben = receiver("c2", "ben");
  for (const each of [ana, ben]) {
    hub.audience.enterInbox(each);
    enter(hub, each, g, 5);
  }
  publish(G, { gsid: 40, membership: 30 });
  publish(G, { gsid: 20, membership: 5 });
  assert.deepEqual([ana.got, ben.got], [[], []]);
  await hub.settled();
  assert.deepEqual(reads, [5]);
  assert.deepEqual(ana.got, [30, 40, 20]);
  assert.deepEqual(ben.got, [20], "its own group.left comes by its inbox");
});

Deno.test("a join on the inbox enters the group at once, from that event on", () => {
  const { hub, publish } = hubRig();
  const ana = receiver("c1", "ana");
  hub.audience.enterInbox(ana);
  publish(inboxTopic(ana.user), membership("group.joined", 30, ["ana"]));
  assert.deepEqual(ana.gains, [["g", 30, 10]]);
  publish(G, { gsid: 25 });
  publish(G, { gsid: 31, membership: 30 });
  assert.deepEqual(ana.got, [30, 31]);
  hub.audience.settleGained(ana, g, 30, 35, true);
  publish(G, { gsid: 33, membership: 30 });
  publish(G, { gsid: 36, membership: 30 });
  assert.deepEqual(ana.got, [30, 31, 36]);
});

Deno.test("settle() drops groups that the snapshot does not hold, and what it covers", () => {
  const { hub, publish } = hubRig();
  const ana = receiver("c1", "ana");
  hub.audience.enterInbox(ana);
  enter(hub, ana, g, 5);
  enter(hub, ana, "h" as GroupId, 6);
  hub.audience.settle(ana, 50, [state(g, 5)]);
  publish(G, { gsid: 50, membership: 5 });
  publish(groupTopic("h" as GroupId), { gsid: 60, membership: 6 });
  publish(G, { gsid: 61, membership: 5 });
  assert.deepEqual(ana.got, [61]);
});

Deno.test("a snapshot after leaving and joining again leaves one interval, not two", () => {
  const { hub, publish } = hubRig();
  const ana = receiver("c1", "ana");
  hub.audience.enterInbox(ana);
  enter(hub, ana, g, 5);
  hub.audience.settle(ana, 20, [state(g, 5)]);
  const inbox = inboxTopic(ana.user);
  publish(inbox, membership("group.left", 30, ["ana"], 5));
  publish(inbox, membership("group.joined", 40, ["ana"], 30));
  hub.audience.settleGained(ana, g, 40, 50, true);
  publish(G, { gsid: 35, membership: 5 });
  publish(G, { gsid: 60, membership: 5 });
  hub.mend(G, { kind: "event", gsid: 25, membership: 5, data: "{}" });
  assert.deepEqual(ana.got, [30, 40, 60, 25]);
});

Deno.test("memberships that come out of order end the connection, for it to resume", () => {
  const { hub, publish } = hubRig();
  const ana = receiver("c1", "ana"), ben = receiver("c2", "ben");
  for (const each of [ana, ben]) hub.audience.enterInbox(each);
  enter(hub, ben, g, 5);
  hub.audience.settle(ben, 20, [state(g, 5)]);
  const [toAna, toBen] = [inboxTopic(ana.user), inboxTopic(ben.user)];
  publish(toAna, membership("group.joined", 50, ["ana"], 40));
  publish(toAna, membership("group.joined", 30, ["ana"], 5));
  assert.equal(ana.confused, 1, "the later join came first");
  publish(toBen, membership("group.joined", 60, ["ben"], 50));
  publish(toBen, membership("group.left", 55, ["ben"], 50));
  assert.equal(ben.confused, 1, "the join came before the leave that precedes it");
});

Deno.test("live events that wait for changes are bounded; the digest's are not, and all are freed", async () => {
  const { hub, publish } = hubRig([membership("group.joined", 30, ["ben"], 5)]);
  const ana = receiver("c1", "ana");
  hub.audience.enterInbox(ana);
  enter(hub, ana, g, 5);
  for (let n = 0; n < MAX_HELD + 5; n++) publish(G, { gsid: 40 + n, membership: 30 });
  assert.equal(hub.held, MAX_HELD);
  const beyond = 40 + MAX_HELD + 2;
  hub.mend(G, { kind: "event", gsid: beyond, membership: 30, data: "{}" });
  assert.equal(hub.held, MAX_HELD + 1);
  await hub.settled();
  assert.equal(hub.held, 0);
  assert.deepEqual([ana.got.length, ana.got.at(-1)], [MAX_HELD + 2, beyond]);
});

Deno.test("an event that names a change which the database has lost is handed to nobody", async () => {
  const { hub, publish } = hubRig([membership("group.joined", 30, ["cy"], 5)]);
  const ana = receiver("c1", "ana");
  hub.audience.enterInbox(ana);
  enter(hub, ana, g, 5);
  publish(G, { gsid: 50, membership: 40 });
  publish(G, { gsid: 51, membership: 20 });
  publish(G, { gsid: 52, membership: 30 });
  await hub.settled();
  assert.deepEqual([ana.got, hub.held], [[30, 52], 0]);
});

Deno.test("an end stays known until who catches up has a snapshot of after it", () => {
  const { hub, ledger, publish } = hubRig();
  const ben = receiver("c2", "ben");
  ben.live = false;
  hub.audience.enterInbox(ben);
  enter(hub, ben, g, 5);
  publish(inboxTopic(ben.user), membership("group.left", 30, ["ben"], 5));
  ledger.prove(5_000);
  hub.proved(5_000);
  // Read before ben left, answered after that was proven; and the group is idle by now.
  assert.deepEqual(hub.audience.settle(ben, 20, [state(g, 5, 6)]), [state(g, 5, 6)]);
  hub.audience.enterGroups(ben, [state(g, 5, 6)]);
  assert.deepEqual(hub.audience.settle(ben, 40, []), []);
  ben.live = true;
  publish(G, { gsid: 5_010, membership: 30 });
  assert.deepEqual([ben.got, hub.archive.size.held], [[30], 0]);
});

Deno.test("what waited for changes of a group that everybody left is forgotten", async () => {
  const { hub, publish } = hubRig();
  const ana = receiver("c1", "ana");
  hub.audience.enterInbox(ana);
  enter(hub, ana, g, 5);
  publish(G, { gsid: 40, membership: 30 });
  assert.equal(hub.held, 1);
  hub.audience.leave(ana);
  await hub.settled();
  assert.equal(hub.held, 0);
});

Deno.test("a hand-out is told once, after all have it, with what brought it", () => {
  const { hub, publish, handed } = hubRig();
  const ana = receiver("c1", "ana"), ben = receiver("c2", "ben");
  for (const each of [ana, ben]) {
    hub.audience.enterInbox(each);
    enter(hub, each, g, 5);
  }
  const receive = ben.receive;
  ben.receive = (publication) => {
    handed.push("ben has it");
    receive(publication);
  };
  publish(G, { gsid: 20, membership: 5 });
  hub.mend(G, { kind: "event", gsid: 20, membership: 5, data: "{}" });
  hub.mend(G, { kind: "event", gsid: 21, membership: 5, data: "{}" });
  assert.deepEqual(handed, ["ben has it", "20 live", "ben has it", "21 digest"]);
});
