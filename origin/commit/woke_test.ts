/**
 * What the log remembers of the silence of a group: `woke`, as it is told with each event.
 *
 * No clock has a say: gsids are drawn behind those that were issued, in a time to come.
 */
import assert from "node:assert/strict";
import { type Gsid, GSID_PER_MS, GSID_STEP } from "shared/gsid.ts";
import type { GroupId, MessageId, UserId } from "shared/ids.ts";
import { storesOfThisFile, type TestStore } from "testing/stores.ts";
import { appendMessages } from "./append.ts";
import { alert, message } from "./command.ts";

const stores = storesOfThisFile();
const [ana, bo] = ["ana", "bo"] as [UserId, UserId];
const [g, h] = ["g", "h"] as [GroupId, GroupId];
const START = 2 ** 52;
const ARCHIVE_AFTER_MS = 1_000;
const SILENCE = ARCHIVE_AFTER_MS * GSID_PER_MS;
const BODY = { value: {}, text: "{}" };

/** Ana's groups `g` and `h`, of which nothing was heard for longer than `SILENCE`. */
async function silentGroups(store: TestStore) {
  const committer = store.committer({ archiveAfterMs: ARCHIVE_AFTER_MS });
  await store.sql`update log set last = ${START}`;
  for (const group of [g, h]) {
    await committer.change({ change: "create", group, by: ana, members: [] });
  }
  let sends = 0;
  const toGroup = (group: GroupId, by = ana) =>
    message(by, { group }, `m${++sends}` as MessageId, BODY);
  /** What was told of since, in order: `[gsid, woke]`. */
  let seen = 0;
  const told = async () => {
    await committer.idle();
    const fresh = committer.told.slice(seen);
    seen = committer.told.length;
    return fresh.map(({ gsid, woke }) => [gsid, woke] as const);
  };
  /** The next gsid lies this far above the last of the group. */
  const pass = async (group: GroupId, gsids: number) =>
    void await store.sql`
      update log set last = c.last + ${gsids - GSID_STEP}
      from conversations c where c.conversation = ${`group:${group}`}`;
  await pass(h, SILENCE + GSID_STEP);
  await told();
  return { committer, toGroup, told, pass };
}

const wokeBy = (events: (readonly [gsid: Gsid, woke: Gsid])[]) =>
  events.map(([, woke]) => events.findIndex(([gsid]) => gsid === woke));

Deno.test("a new group is not one that woke", async () => {
  await using store = await stores.store();
  const committer = store.committer({ archiveAfterMs: ARCHIVE_AFTER_MS });
  await committer.change({ change: "create", group: g, by: ana, members: [] });
  await committer.append(message(ana, { group: g }, "m" as MessageId, BODY));
  await committer.idle();
  assert.deepEqual(committer.told.map(({ woke }) => woke), [0, 0]);
});

Deno.test("the first message after a long silence wakes its group, within a batch and behind it", async () => {
  await using store = await stores.store();
  const { committer, toGroup, told } = await silentGroups(store);
  const batch = [toGroup(g, bo), toGroup(g), toGroup(h), toGroup(g), toGroup(h)];
  await Promise.all(batch.map((one) => committer.append(one)));
  await committer.append(toGroup(g));
  assert.deepEqual(wokeBy(await told()), [0, 1, 0, 1, 0], "the stranger wakes nobody");
});

Deno.test("a silence is long when the next gsid lies further away than that", async () => {
  await using store = await stores.store();
  const { committer, toGroup, told, pass } = await silentGroups(store);
  await committer.append(toGroup(g));
  const [[, woke]] = await told() as [[Gsid, Gsid]];
  await pass(g, SILENCE);
  await committer.append(toGroup(g));
  assert.deepEqual((await told()).map((event) => event[1]), [woke]);
  await pass(g, SILENCE + GSID_STEP);
  await committer.append(toGroup(g));
  assert.deepEqual(wokeBy(await told()), [0]);
});

Deno.test("a change of a group wakes it as a message does", async () => {
  await using store = await stores.store();
  const { committer, toGroup, told, pass } = await silentGroups(store);
  const changes = [
    { change: "add", group: g, by: ana, members: [bo] },
    { change: "remove", group: g, by: ana, members: [bo] },
  ] as const;
  for (const change of changes) {
    await pass(g, SILENCE + GSID_STEP);
    await committer.change({ ...change, members: [...change.members] });
    await committer.append(toGroup(g));
    assert.deepEqual(wokeBy(await told()), [0, 0], change.change);
  }
});

Deno.test("direct messages and alerts wake nobody, however long the silence", async () => {
  await using store = await stores.store();
  const { committer, told, pass } = await silentGroups(store);
  for (const n of [1, 2]) {
    await committer.append(message(ana, { user: bo }, `d${n}` as MessageId, BODY));
    await committer.append(alert(`a${n}`, BODY));
    await pass(g, n * 10 * SILENCE);
  }
  assert.deepEqual((await told()).map(([, woke]) => woke), [0, 0, 0, 0]);
});

Deno.test("a repeat tells when its group woke, as of its commit or since", async () => {
  await using store = await stores.store();
  const { toGroup, pass } = await silentGroups(store);
  const append = async (...messages: ReturnType<typeof toGroup>[]) =>
    (await appendMessages(store.sql, messages, ARCHIVE_AFTER_MS)).map(({ woke }) => woke);
  const first = toGroup(g);
  const [woke] = await append(first);
  assert.deepEqual(await append(first, toGroup(g)), [woke, woke]);
  await pass(g, SILENCE + GSID_STEP);
  assert.deepEqual(await append(first), [woke], "a repeat wakes nobody");
  const [later] = await append(toGroup(g));
  assert.ok(later! > woke!);
  assert.deepEqual(await append(first), [later]);
});
