/** Groups that were silent are not listened to, and nobody can tell. */
import assert from "node:assert/strict";
import type { Device } from "testing/client.ts";
import { ARCHIVE_SOON, mended, untilAllIdle, wakes } from "testing/idle_groups.ts";
import { name, systemOfThisFile, testInEachFormat, TestSystem } from "testing/system.ts";
import { waitUntil } from "../services/wait_until.ts";
import { startSystem } from "../dev/system.ts";

const running = systemOfThisFile({ env: ARCHIVE_SOON });
const DIGEST_MS = 5_000;

/** Ana and ben on one edge, cleo on the other: members of groups that are idle. Eve is not. */
async function idleGroups(test: TestSystem, count = 1) {
  await using stack = new AsyncDisposableStack();
  const connect = async (stem: string, edge: number) =>
    stack.use(await test.device(name(stem), { edge, device: "phone" }));
  const [ana, ben, cleo, eve] = await Promise.all([
    connect("ana", 0),
    connect("ben", 0),
    connect("cleo", 1),
    connect("eve", 1),
  ]);
  const groups = Array.from({ length: count }, () => name("team"));
  let last = 0;
  for (const group of groups) {
    await ana.rpc("group.create", { group, members: [ben.user, cleo.user] });
    last = (await ana.send({ group }, `to ${group}`)).gsid;
  }
  await Promise.all([ben, cleo].map((device) => device.waitForGsid(last)));
  await untilAllIdle(test);
  const owned = stack.move();
  const dispose = () => owned.disposeAsync();
  return { groups, group: groups[0]!, ana, ben, cleo, eve, last, [Symbol.asyncDispose]: dispose };
}

/** What the device was sent after `gsid`, in order of arrival, repeats included. */
function sentAfter(gsid: number, { received }: Device): number[] {
  return received.flatMap(({ event }) =>
    event.gsid !== undefined && event.gsid > gsid ? event.gsid : []
  );
}

/** Somebody writes to the device until its cursor says that a digest has judged all up to `gsid`. */
async function untilProven(gsid: number, from: Device, device: Device): Promise<void> {
  await waitUntil(async () => {
    await device.waitForGsid((await from.send(device.user, name("m"))).gsid);
    return device.position.gsid >= gsid || undefined;
  }, { what: "a digest to have judged the burst", withinMs: 2 * DIGEST_MS, everyMs: 200 });
}

const difference = (after: number[], before: number[]) => after.map((n, i) => n - before[i]!);

testInEachFormat(
  "a message wakes an idle group on every edge, for its members alone",
  async (format) => {
    const test = await running(format);
    await using scene = await idleGroups(test, 3);
    const { groups, ana, ben, cleo, eve, last } = scene;
    const before = { all: await wakes(test), copy: await wakes(test, "copy") };
    const sent: number[] = [];
    for (const group of groups) {
      const { gsid } = await ana.send({ group }, `again to ${group}`);
      sent.push(gsid);
      await Promise.all([ben, cleo].map((device) => device.waitForGsid(gsid, DIGEST_MS)));
    }
    const { gsid: direct } = await ana.send(eve.user, "to eve");
    await eve.waitForGsid(direct);
    assert.deepEqual([ben, cleo].map((device) => sentAfter(last, device)), [sent, sent]);
    assert.deepEqual(sentAfter(last, eve), [direct]);
    assert.deepEqual(difference(await wakes(test), before.all), [3, 3]);
    // A digest may be there before the copy, now and then.
    const byCopy = difference(await wakes(test, "copy"), before.copy);
    assert.ok(byCopy.every((count) => count >= 2), `woken by a copy: ${byCopy}`);
  },
);

testInEachFormat(
  "messages in a row are all delivered while a group wakes, in order, once",
  async (format) => {
    const test = await running(format);
    await using scene = await idleGroups(test);
    const { group, ana, ben, cleo, last } = scene;
    const sent: number[] = [];
    for (let i = 0; i < 5; i++) sent.push((await ana.send({ group }, `m${i}`)).gsid);
    for (const device of [ben, cleo]) {
      for (const gsid of sent) await device.waitForGsid(gsid, DIGEST_MS);
      assert.deepEqual(device.events.flatMap(({ gsid }) => gsid! > last ? gsid! : []), sent);
      assert.deepEqual(sentAfter(last, device).toSorted(), sent, "each once");
    }
  },
);

testInEachFormat(
  "a burst to an idle group comes live to every edge: no digest has to mend it",
  async (format) => {
    const test = await running(format);
    await using scene = await idleGroups(test);
    const { group, ana, ben, cleo, last } = scene;
    const before = await mended(test);
    const sends = Array.from({ length: 10 }, (_, i) => ana.send({ group }, `m${i}`));
    const sent = (await Promise.all(sends)).map(({ gsid }) => gsid).toSorted();
    for (const device of [ben, cleo]) {
      for (const gsid of sent) await device.waitForGsid(gsid, DIGEST_MS);
      assert.deepEqual(sentAfter(last, device).toSorted(), sent, "each once");
      await untilProven(sent.at(-1)!, ana, device);
    }
    assert.deepEqual(difference(await mended(test), before), [0, 0]);
  },
);

testInEachFormat(
  "one removed from an idle group hears of that, and of nothing after it",
  async (format) => {
    const test = await running(format);
    await using scene = await idleGroups(test);
    const { group, ana, ben, cleo, last } = scene;
    const { gsid: left } = await ana.rpc("group.remove", { group, members: [ben.user] });
    const { gsid: soon } = await ana.send({ group }, "soon after");
    await cleo.waitForGsid(soon, DIGEST_MS);
    await untilAllIdle(test);
    const { gsid: late } = await cleo.send({ group }, "long after");
    await ana.waitForGsid(late, DIGEST_MS);
    const { gsid: direct } = await ana.send(ben.user, "to ben");
    await ben.waitForGsid(direct);
    assert.deepEqual(sentAfter(last, ben), [left, direct]);
    assert.deepEqual(sentAfter(last, cleo).filter((gsid) => gsid !== late), [left, soon]);
  },
);

testInEachFormat(
  "one added to an idle group hears all from then on, and so do the others",
  async (format) => {
    const test = await running(format);
    await using scene = await idleGroups(test);
    const { group, ana, ben, cleo, eve, last } = scene;
    const { gsid: joined } = await ana.rpc("group.add", { group, members: [eve.user] });
    const { gsid } = await ben.send({ group }, "welcome");
    for (const device of [cleo, eve]) {
      await device.waitForGsid(gsid, DIGEST_MS);
      assert.deepEqual(device.events.flatMap(({ gsid }) => gsid! > last ? gsid! : []), [
        joined,
        gsid,
      ]);
    }
  },
);

testInEachFormat("a device that connects while a group wakes misses nothing", async (format) => {
  const test = await running(format);
  await using scene = await idleGroups(test);
  const { group, ana, ben, cleo, last } = scene;
  await Promise.all([ben, cleo].map((device) => device.disconnect()));
  const returning = Promise.all([ben, cleo].map((device) => device.connect()));
  const sent: number[] = [];
  for (let i = 0; i < 10; i++) sent.push((await ana.send({ group }, `m${i}`)).gsid);
  await returning;
  for (const device of [ben, cleo]) {
    for (const gsid of sent) await device.waitForGsid(gsid, DIGEST_MS);
    assert.deepEqual(device.events.flatMap(({ gsid }) => gsid! > last ? gsid! : []), sent);
    assert.ok(device.subscriptions.at(-1)!.recovered);
  }
});

testInEachFormat(
  "a group wakes by the digest where presence says that no member is there",
  async (format) => {
    const test = await running(format);
    await using scene = await idleGroups(test);
    const { group, ana, ben, cleo, last } = scene;
    await test.forgetPresence(cleo.user);
    const before = await wakes(test, "digest");
    const { gsid } = await ana.send({ group }, "are you there?");
    await Promise.all([ben, cleo].map((device) => device.waitForGsid(gsid, DIGEST_MS)));
    assert.deepEqual([ben, cleo].map((device) => sentAfter(last, device)), [[gsid], [gsid]]);
    assert.equal(difference(await wakes(test, "digest"), before)[1], 1, "on cleo's edge");
  },
);

Deno.test("a group wakes by the digest when nothing at all is published", async () => {
  await using system = await startSystem({ env: ARCHIVE_SOON, originEnv: { FAST_PATHS: "none" } });
  const test = new TestSystem(system);
  await using scene = await idleGroups(test);
  const { group, ana, ben, cleo, last } = scene;
  const sent: number[] = [];
  for (let i = 0; i < 3; i++) sent.push((await ana.send({ group }, `m${i}`)).gsid);
  for (const device of [ben, cleo]) {
    for (const gsid of sent) await device.waitForGsid(gsid, DIGEST_MS);
    assert.deepEqual(sentAfter(last, device), sent);
  }
  assert.deepEqual(await wakes(test, "copy"), [0, 0]);
});
