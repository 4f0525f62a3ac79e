import assert from "node:assert/strict";
import { groupTopic, inboxTopic, subjectOf } from "shared/topic.ts";
import type { GroupId, UserId } from "shared/ids.ts";
import { name, systemOfThisFile } from "testing/system.ts";
import { waitUntil } from "../services/wait_until.ts";

const running = systemOfThisFile();

Deno.test("what is sent to somebody offline is not published but pushed, once a token", async () => {
  const test = await running();
  const b = name("bob");
  const tokens = [`fcm-${b}`, `apns-${b}`];
  {
    await using bob = await test.device(b, { device: "phone" });
    await bob.rpc("device.register", { platform: "fcm", token: tokens[0], app: "chat" });
    await bob.rpc("device.register", { platform: "apns", token: tokens[1], app: "chat" });
  }
  await using inbox = await test.watch(subjectOf(inboxTopic(b as UserId)));
  await using ana = await test.device(name("ana"));
  await test.untilOffline(b);
  const sent = await ana.send(b, "m1", { text: "are you there?" });
  const pushes = await waitUntil(async () => {
    const all = await test.pushesOf(b);
    return all.length >= 2 ? all : undefined;
  }, { what: "a push for each token", withinMs: 10_000 });

  assert.deepEqual(pushes.map(({ token }) => token).sort(), tokens.toSorted());
  for (const push of pushes) {
    const { user, conversation, gsid } = push;
    assert.deepEqual({ user, conversation, gsid: Number(gsid) }, {
      user: b,
      conversation: sent.conversation,
      gsid: sent.gsid,
    });
  }
  await inbox.settle();
  assert.equal(inbox.messages.length, 0);
});

Deno.test("what is sent to somebody online is published once and not pushed", async () => {
  const test = await running();
  const b = name("bob");
  await using bob = await test.device(b, { edge: 1, device: "phone" });
  await bob.rpc("device.register", { platform: "fcm", token: `fcm-${b}`, app: "chat" });
  await using inbox = await test.watch(subjectOf(inboxTopic(b as UserId)));
  await using ana = await test.device(name("ana"));
  const { gsid } = await ana.send(b, "m1");
  await bob.waitForGsid(gsid);
  await test.published(inbox);
  assert.equal(inbox.messages.length, 1);
  assert.deepEqual(await test.pushesOf(b), []);
});

Deno.test("a group's message is published once while anybody is online", async () => {
  const test = await running();
  const group = name("team");
  const members = Array.from({ length: 30 }, (_, i) => name(`member${i}`));
  await using ana = await test.device(name("ana"), { edge: 0 });
  await using member = await test.device(members[0]!, { edge: 1 });
  const { gsid } = await ana.rpc("group.create", { group, members });
  await member.waitForGsid(gsid);
  await using topic = await test.watch(subjectOf(groupTopic(group as GroupId)));
  await using inboxes = await test.watch("chat.user-inbox.>");
  const sent = await ana.send({ group }, "m1");
  await member.waitForGsid(sent.gsid);
  await test.published(topic);
  await inboxes.settle();
  assert.equal(topic.messages.length, 1);
  assert.equal(inboxes.messages.length, 0);
});

Deno.test("presence tells who is online, to those who share a conversation", async () => {
  const test = await running();
  await using ana = await test.device(name("ana"), { edge: 0 });
  await using bob = await test.device(name("bob"), { edge: 1 });
  const stranger = await ana.rpc("presence", { users: [bob.user] });
  assert.equal(stranger[bob.user].online, false);
  await ana.send(bob.user, "m1");
  await waitUntil(async () => {
    const presence = await ana.rpc("presence", { users: [bob.user] });
    return presence[bob.user].online || undefined;
  }, { what: "bob to be shown online", withinMs: 5_000 });
  await bob.disconnect();
  await waitUntil(async () => {
    const presence = await ana.rpc("presence", { users: [bob.user] });
    return presence[bob.user].online ? undefined : true;
  }, { what: "bob to be shown offline", withinMs: 5_000 });
});
