import assert from "node:assert/strict";
import type { SendResult } from "testing/client.ts";
import { name, systemOfThisFile, testInEachFormat } from "testing/system.ts";

const running = systemOfThisFile({ origins: 2 });

testInEachFormat(
  "one message sent eleven times by two edges is one row, one gsid, one delivery",
  async (format) => {
    const test = await running(format);
    const a = name("ana");
    await using ana = await test.device(a, { edge: 0 });
    await using bob = await test.device(name("bob"), { edge: 1 });
    const replies: SendResult[] = await Promise.all(
      Array.from({ length: 10 }, () => ana.send(bob.user, "m1", { text: "once" })),
    );
    await ana.disconnect();
    await using again = await test.device(a, { edge: 1 });
    replies.push(await again.send(bob.user, "m1", { text: "once" }));

    assert.equal(new Set(replies.map(({ gsid }) => gsid)).size, 1);
    assert.equal(replies.filter(({ duplicate }) => duplicate).length, 10);
    const { gsid } = await again.send(bob.user, "m2");
    await bob.waitForGsid(gsid);
    assert.deepEqual(bob.received.map(({ event }) => event.id), ["m1", "m2"]);
    await using sql = test.sql();
    const rows = await sql`select from events where sender = ${a} and gsid < ${gsid}`;
    assert.equal(rows.length, 1);
  },
);

testInEachFormat(
  "an id used again for another body or another recipient is refused",
  async (format) => {
    const test = await running(format);
    await using ana = await test.device(name("ana"));
    const bob = name("bob");
    const { gsid } = await ana.send(bob, "m1", { text: "one", n: [1, { a: 1, b: 2 }] });
    // The same value written otherwise is the same body.
    const same = await ana.send(bob, "m1", { n: [1, { b: 2, a: 1 }], text: "one" });
    assert.deepEqual([same.gsid, same.duplicate], [gsid, true]);
    await assert.rejects(ana.send(bob, "m1", { text: "two" }), { code: 4009 });
    await assert.rejects(ana.send(name("cat"), "m1", { text: "one" }), { code: 4009 });
  },
);

testInEachFormat("two users may use the same id", async (format) => {
  const test = await running(format);
  await using ana = await test.device(name("ana"));
  await using bob = await test.device(name("bob"));
  const one = await ana.send(bob.user, "m1");
  const other = await bob.send(ana.user, "m1");
  assert.notEqual(one.gsid, other.gsid);
  assert.equal(other.duplicate, undefined);
});
