import assert from "node:assert/strict";
import { name, systemOfThisFile, testInEachFormat } from "testing/system.ts";

const running = systemOfThisFile();

testInEachFormat(
  "a user added to a group hears what follows on the device connected already",
  async (format) => {
    const test = await running(format);
    const group = name("team");
    await using ana = await test.device(name("ana"), { edge: 0 });
    await using bob = await test.device(name("bob"), { edge: 1 });
    await ana.rpc("group.create", { group });
    const before = await ana.send({ group }, "before");
    const { gsid: joined } = await ana.rpc("group.add", { group, members: [bob.user] });
    const after = [];
    for (let i = 0; i < 10; i++) after.push((await ana.send({ group }, `after${i}`)).gsid);
    await bob.waitForGsid(after.at(-1)!);
    assert.deepEqual(bob.events.map(({ gsid }) => gsid), [joined, ...after]);
    assert.deepEqual(bob.received.map(({ event }) => event.gsid), [joined, ...after]);
    const [event] = bob.events;
    assert.deepEqual([event!.type, event!.group, event!.by], ["group.joined", group, ana.user]);
    assert.equal(event!.prev, before.gsid);
  },
);

testInEachFormat(
  "one removed hears group.left and nothing after it, live or resumed",
  async (format) => {
    const test = await running(format);
    const group = name("team");
    const b = name("bob");
    await using ana = await test.device(name("ana"), { edge: 0 });
    await using cat = await test.device(name("cat"), { edge: 1 });
    await using bob = await test.device(b, { edge: 1 });
    await using away = await test.device(b, { edge: 0, device: "tablet" });
    await ana.rpc("group.create", { group, members: [b, cat.user] });
    const during = await ana.send({ group }, "during");
    await away.waitForGsid(during.gsid);
    await away.disconnect();
    const { gsid: left } = await ana.rpc("group.remove", { group, members: [b] });
    const after = await ana.send({ group }, "after");
    await cat.waitForGsid(after.gsid);
    // Sent later to his inbox: whatever of the group was to come has come before it.
    const last = await ana.send(b, "last");
    await bob.waitForGsid(last.gsid);
    const heard = (events: { type: string; gsid?: number }[]) =>
      events.filter(({ gsid }) => gsid! > during.gsid).map(({ type, gsid }) => [type, gsid]);
    const expected = [["group.left", left], ["message", last.gsid]];
    assert.deepEqual(heard(bob.events), expected);
    await away.connect();
    await away.waitForGsid(last.gsid);
    assert.ok(away.subscriptions.at(-1)!.recovered);
    assert.deepEqual(heard(away.events), expected);
    await assert.rejects(bob.send({ group }, "late"), { code: 4001 });
    await assert.rejects(bob.rpc("history", { conversation: during.conversation, limit: 10 }), {
      code: 4001,
    });
  },
);

testInEachFormat("a group's message reaches every member on every edge once", async (format) => {
  const test = await running(format);
  const group = name("team");
  await using stack = new AsyncDisposableStack();
  const members = await Promise.all(
    Array.from({ length: 12 }, (_, i) => test.device(name(`member${i}`), { edge: i % 2 })),
  );
  for (const member of members) stack.use(member);
  await using ana = await test.device(name("ana"));
  const users = members.map(({ user }) => user);
  const { gsid: created } = await ana.rpc("group.create", { group, members: users });
  const sent: number[] = [];
  for (let i = 0; i < 10; i++) sent.push((await members[i]!.send({ group }, `m${i}`)).gsid);
  const last = await ana.send({ group }, "last");
  for (const member of members) {
    await member.waitForGsid(last.gsid);
    const expected = [created, ...sent, last.gsid];
    const got = member.received.map(({ event }) => event.gsid!);
    // The connection that sent one has it from the reply, and may or may not get it again.
    const own = sent[members.indexOf(member)];
    const without = (gsids: number[]) => gsids.filter((gsid) => gsid !== own);
    assert.deepEqual(without(got), without(expected));
  }
});

testInEachFormat("a stranger to a group neither sends to it nor reads it", async (format) => {
  const test = await running(format);
  const group = name("team");
  await using ana = await test.device(name("ana"));
  await using eve = await test.device(name("eve"), { edge: 1 });
  const { conversation } = await ana.rpc("group.create", { group });
  await assert.rejects(eve.send({ group }, "m1"), { code: 4001 });
  await assert.rejects(eve.rpc("history", { conversation, limit: 10 }), { code: 4001 });
  await assert.rejects(eve.rpc("group.add", { group, members: [eve.user] }), { code: 4001 });
  await assert.rejects(eve.rpc("group.create", { group }), { code: 4010 });
});
