import assert from "node:assert/strict";
import type { Device, SendResult } from "testing/client.ts";
import { name, systemOfThisFile, testInEachFormat, type TestSystem } from "testing/system.ts";

const running = systemOfThisFile({ edgeEnv: { SEND_RATE_PER_S: "0" } });

testInEachFormat(
  "a device that was away for 50 events in five conversations gets them all, in order",
  async (format) => {
    const test = await running(format);
    await using ana = await test.device(name("ana"), { edge: 0 });
    await using bob = await test.device(name("bob"), { edge: 1, device: "phone" });
    const story = await beginStory(test, ana, bob);
    await bob.waitForGsid((await ana.send(bob.user, "before")).gsid);
    await bob.disconnect();
    const away = await story.go(50);
    const before = bob.received.length;
    await bob.connect();
    await bob.waitForGsid(away.at(-1)!);

    const { wasRecovering, recovered } = bob.subscriptions.at(-1)!;
    assert.deepEqual({ wasRecovering, recovered }, { wasRecovering: true, recovered: true });
    const resumed = bob.received.slice(before).map(({ event }) => event.gsid!);
    // The cursor may trail what was handed out: a resume may repeat the last moments first.
    assert.deepEqual(resumed.filter((gsid) => away.includes(gsid)), away);
    assert.deepEqual(resumed, resumed.toSorted((a, b) => a - b));
  },
);

testInEachFormat("resuming from each offset a device ever got misses nothing", async (format) => {
  const test = await running(format);
  const b = name("bob");
  await using ana = await test.device(name("ana"), { edge: 0 });
  await using bob = await test.device(b, { edge: 1 });
  const story = await beginStory(test, ana, bob);
  const gsids = await story.go(30);
  await bob.waitForGsid(gsids.at(-1)!);
  // The cursors that follow the events, until one has caught up with the last.
  await bob.until(
    () => bob.received.some(({ offset }) => offset === gsids.at(-1)) || undefined,
    "the cursor to catch up",
    40_000,
  );
  const { epoch } = bob.position;
  const expected = bob.events.map(({ gsid }) => gsid!);
  const offsets = new Set([bob.subscriptions[0]!.position.offset]);
  for (const { offset } of bob.received) if (offset !== undefined) offsets.add(offset);
  for (const gsid of offsets) {
    await using again = await test.device(b, { edge: 0, since: { gsid, epoch } });
    const missed = expected.filter((one) => one > gsid);
    if (missed.length > 0) await again.waitForGsid(missed.at(-1)!);
    assert.ok(again.subscriptions[0]!.recovered, `from ${gsid}`);
    const got = again.events.map((event) => event.gsid!).filter((one) => expected.includes(one));
    assert.deepEqual(got, missed, `from ${gsid}`);
  }
});

testInEachFormat(
  "what arrives while a device resumes comes after what it missed, once",
  async (format) => {
    const test = await running(format);
    await using ana = await test.device(name("ana"), { edge: 0 });
    await using bob = await test.device(name("bob"), { edge: 1 });
    const first = await ana.send(bob.user, "first");
    await bob.waitForGsid(first.gsid);
    await bob.disconnect();
    const missed = await sendMany(ana, bob.user, "missed", 200);
    const before = bob.received.length;
    const live = sendMany(ana, bob.user, "live", 100);
    await bob.connect();
    const all = [...missed, ...await live];
    await bob.waitForGsid(all.at(-1)!);
    const got = bob.received.slice(before).map(({ event }) => event.gsid!)
      .filter((gsid) => gsid !== undefined && gsid !== first.gsid);
    assert.deepEqual(got, all);
  },
);

testInEachFormat(
  "a position of another epoch, or above the head, is not recovered",
  async (format) => {
    const test = await running(format);
    const b = name("bob");
    await using ana = await test.device(name("ana"));
    const { gsid } = await ana.send(b, "m1");
    await using bob = await test.device(b);
    const { epoch } = bob.position;
    for (const since of [{ gsid, epoch: "another" }, { gsid: gsid + 2 ** 40, epoch }]) {
      await using again = await test.device(b, { since });
      assert.equal(again.subscriptions[0]!.recovered, false);
      assert.ok(again.subscriptions[0]!.position.offset >= gsid);
      assert.deepEqual(again.received, []);
    }
  },
);

interface Story {
  /** Lets so many more events happen; resolves to their gsids, in order. */
  go(count: number): Promise<number[]>;
}

/** Two groups, two direct conversations and the alerts: five conversations that `reader` is in. */
async function beginStory(test: TestSystem, writer: Device, reader: Device): Promise<Story> {
  const groups = [name("team"), name("club")];
  for (const group of groups) {
    const { gsid } = await writer.rpc("group.create", { group, members: [reader.user] });
    await reader.waitForGsid(gsid);
  }
  const other = name("cat");
  const steps: ((id: string) => Promise<SendResult>)[] = [
    (id) => writer.send(reader.user, id),
    (id) => writer.send({ group: groups[0]! }, id),
    (id) => writer.send({ group: groups[1]! }, id),
    (id) => test.api("send", { user: other, to: { user: reader.user }, id, body: { text: id } }),
    (id) => test.api("alert", { id, body: { text: id } }),
  ];
  return {
    async go(count) {
      const gsids: number[] = [];
      for (let i = 0; i < count; i++) {
        gsids.push((await steps[i % steps.length]!(name(`story${i}`))).gsid);
      }
      return gsids;
    },
  };
}

async function sendMany(from: Device, to: string, stem: string, count: number): Promise<number[]> {
  const gsids: number[] = [];
  for (let i = 0; i < count; i++) gsids.push((await from.send(to, `${stem}${i}`)).gsid);
  return gsids;
}
