import assert from "node:assert/strict";
import { name, systemOfThisFile, testInEachFormat } from "testing/system.ts";
import { AppendGates } from "../faults/append_gates.ts";

const running = systemOfThisFile();

testInEachFormat(
  "a message reaches a user on another edge under the gsid that the sender was told",
  async (format) => {
    const test = await running(format);
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
  },
);

testInEachFormat(
  "the reply to a send comes after the commit, however long that takes",
  async (format) => {
    const test = await running(format);
    await using ana = await test.device(name("ana"));
    await using sql = test.sql();
    await using gates = await AppendGates.build(test.system.state.postgres.url);
    await gates.close("in COMMIT");
    let isAnswered = false;
    const sent = ana.send(name("bob"), "m1").finally(() => isAnswered = true);
    await gates.held("in COMMIT");
    // Whatever was said before the commit has come by the time that this is answered.
    await ana.rpc("conversations", {});
    assert.equal(isAnswered, false);
    await gates.open("in COMMIT");
    const { gsid } = await sent;
    assert.equal((await sql`select from events where gsid = ${gsid}`).length, 1);
  },
);

testInEachFormat(
  "each device of both users gets one copy, the sender's second device too",
  async (format) => {
    const test = await running(format);
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
  },
);

testInEachFormat(
  "awaited sends of one user keep their order, each naming the one before",
  async (format) => {
    const test = await running(format);
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
  },
);

testInEachFormat(
  "an alert of the server API reaches everybody who is connected",
  async (format) => {
    const test = await running(format);
    await using ana = await test.device(name("ana"), { edge: 0 });
    await using bob = await test.device(name("bob"), { edge: 1 });
    const { gsid } = await test.api("alert", { id: name("alert"), body: { text: "back at noon" } });
    for (const device of [ana, bob]) {
      const event = await device.waitForGsid(gsid);
      assert.deepEqual([event.type, event.conversation], ["alert", "system"]);
      assert.deepEqual(event.body, { text: "back at noon" });
    }
  },
);

Deno.test("devices of one user that speak different formats get the same events", async () => {
  const test = await running();
  const b = name("bob");
  await using ana = await test.device(name("ana"), { format: "protobuf" });
  await using phone = await test.device(b, { edge: 1, device: "phone", format: "protobuf" });
  await using laptop = await test.device(b, { edge: 1, device: "laptop", format: "json" });
  const sent: number[] = [];
  for (const text of ["plain", "¡né 😀!", "\u0001 \u2028"]) {
    sent.push((await ana.send(b, name("m"), { text })).gsid);
  }
  for (const device of [phone, laptop]) {
    await device.waitForGsid(sent.at(-1)!);
    assert.deepEqual(device.events.map(({ gsid }) => gsid), sent);
  }
  assert.deepEqual(phone.events, laptop.events);
  assert.equal(phone.position.epoch, laptop.position.epoch);
});
