import assert from "node:assert/strict";
import { name, systemOfThisFile } from "testing/system.ts";

const running = systemOfThisFile();

Deno.test("a message reaches a user on another edge under the gsid that the sender was told", async () => {
  const test = await running();
  await using ana = await test.device(name("ana"), { edge: 0 });
  await using bob = await test.device(name("bob"), { edge: 1 });
  const sent = await ana.send(bob.user, "m1", { text: "hello" });
  const event = await bob.waitForGsid(sent.gsid);
  const { type, id, from, body, conversation, at, prev } = event;
  assert.deepEqual({ type, id, from, body, conversation, at, prev }, {
    type: "message",
    id: "m1",
    from: ana.user,
    body: { text: "hello" },
    conversation: sent.conversation,
    at: sent.at,
    prev: 0,
  });
});

Deno.test("the reply to a send comes after the commit", async () => {
  const test = await running();
  await using ana = await test.device(name("ana"));
  await using sql = test.sql();
  const { gsid } = await ana.send(name("bob"), "m1");
  assert.equal((await sql`select from events where gsid = ${gsid}`).length, 1);
});

Deno.test("each device of both users gets one copy, the sender's second device too", async () => {
  const test = await running();
  const [a, b] = [name("ana"), name("bob")];
  await using phone = await test.device(a, { edge: 0, device: "phone" });
  await using laptop = await test.device(a, { edge: 1, device: "laptop" });
  await using bobs = await test.device(b, { edge: 0, device: "phone" });
  await using bobsTablet = await test.device(b, { edge: 1, device: "tablet" });
  const sent: number[] = [];
  for (let i = 0; i < 5; i++) sent.push((await phone.send(b, `m${i}`)).gsid);
  const replies = [laptop, bobs, bobsTablet].map((device) => device.waitForGsid(sent.at(-1)!));
  await Promise.all(replies);
  // A message of bob's comes after all of these on every device: nothing repeated is on its way.
  const last = (await bobs.send(a, "last")).gsid;
  await Promise.all([phone, laptop, bobsTablet].map((device) => device.waitForGsid(last)));
  for (const device of [laptop, bobsTablet]) {
    assert.deepEqual(device.received.map(({ event }) => event.gsid), [...sent, last]);
  }
  assert.deepEqual(bobs.events.map(({ gsid }) => gsid).filter((gsid) => gsid !== last), sent);
});

Deno.test("awaited sends of one user keep their order, each naming the one before", async () => {
  const test = await running();
  await using ana = await test.device(name("ana"));
  await using bob = await test.device(name("bob"), { edge: 1 });
  let prev = 0;
  for (let i = 0; i < 20; i++) {
    const sent = await ana.send(bob.user, `m${i}`);
    assert.equal(sent.prev, prev);
    prev = sent.gsid;
  }
  await bob.waitForGsid(prev);
  assert.deepEqual(bob.events.map(({ id }) => id), Array.from({ length: 20 }, (_, i) => `m${i}`));
});

Deno.test("an alert of the server API reaches everybody who is connected", async () => {
  const test = await running();
  await using ana = await test.device(name("ana"), { edge: 0 });
  await using bob = await test.device(name("bob"), { edge: 1 });
  const { gsid } = await test.api("alert", { id: name("alert"), body: { text: "back at noon" } });
  for (const device of [ana, bob]) {
    const event = await device.waitForGsid(gsid);
    assert.deepEqual([event.type, event.conversation], ["alert", "system"]);
    assert.deepEqual(event.body, { text: "back at noon" });
  }
});
