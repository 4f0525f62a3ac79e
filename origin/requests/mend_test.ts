import assert from "node:assert/strict";
import { encodePage } from "shared/bus/page.ts";
import { topicsOf } from "shared/event.ts";
import type { Gsid } from "shared/gsid.ts";
import type { GroupId, UserId } from "shared/ids.ts";
import { groupTopic, inboxTopic, SYSTEM_ALERTS, type TopicKey } from "shared/topic.ts";
import { storesOfThisFile, type TestStore } from "testing/stores.ts";
import { readHead } from "../store/snapshot.ts";
import { alert } from "./alert.ts";
import { mend } from "./mend.ts";
import { originOn } from "./testing.ts";

const LIMITS = { largeGroup: 3 };
const stores = storesOfThisFile();

type Mended = [topic: TopicKey, gsid: Gsid, membership: Gsid];

async function mendAll(store: TestStore, topics: TopicKey[], after: Gsid): Promise<Mended[]> {
  const { head: upto } = await readHead(store.sql);
  const mended: Mended[] = [];
  for (let from: Gsid | undefined = after; from !== undefined;) {
    const { header, events } = await mend(store.sql, { topics, after: from, upto }, LIMITS);
    assert.equal(header.topics.length, events.length);
    assert.ok(encodePage({ header, events }).length < 700_000);
    events.forEach((event, n) =>
      mended.push([topics[header.topics[n]!]!, event.gsid, event.membership])
    );
    assert.ok(header.after === undefined || header.after > from);
    from = header.after;
  }
  return mended;
}

Deno.test("mend() reads every event of each topic, as fan-out would have published it", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  const group = "g" as GroupId;
  await origin.call("ana", "group.create", { group, members: ["bo"] });
  for (let n = 0; n < 3; n++) {
    await origin.send("ana", { user: "bo" });
    await origin.send("bo", { group });
    await alert(origin.committer, `a${n}`, {});
  }
  await origin.call("ana", "group.remove", { group, members: ["bo"] });
  await origin.send("ana", { group });
  await origin.send("cy", { user: "dan" });
  await origin.committer.idle();

  const topics = [
    inboxTopic("bo" as UserId),
    groupTopic(group),
    SYSTEM_ALERTS,
    inboxTopic("x" as UserId),
  ] as TopicKey[];
  for (const after of [0, ...origin.committer.told.map(({ gsid }) => gsid)]) {
    const published = origin.committer.told.filter(({ gsid }) => gsid > after).flatMap((event) => {
      const on = topicsOf(event);
      return topics.filter((topic) => on.includes(topic)).map((topic): Mended => [
        topic,
        event.gsid,
        topic === topics[1] ? event.membership : 0,
      ]);
    });
    assert.deepEqual(await mendAll(store, topics, after), published);
  }
});

Deno.test("mend() goes on after a full page without losing a topic of an event", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  const sent = await Promise.all(Array.from({ length: 1_300 }, async (_, n) => {
    const text = "x".repeat(n % 20 ? 10 : 10_000);
    const answer = await origin.call("ana", "send", {
      to: { user: "bo" },
      id: `m${n}`,
      body: { text },
    });
    return (answer as { gsid: number }).gsid;
  }));
  const topics = [inboxTopic("ana" as UserId), inboxTopic("bo" as UserId)];
  const mended = await mendAll(store, topics, 0);
  assert.deepEqual(mended, sent.flatMap((gsid) => topics.map((topic): Mended => [topic, gsid, 0])));
});

Deno.test("mend() says of a group that it is large by now, so that no edge lets it go", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  const [small, grown] = ["small", "grown"] as GroupId[] as [GroupId, GroupId];
  for (const group of [small, grown]) {
    await origin.call("ana", "group.create", { group, members: ["bo", "cy"] });
  }
  await origin.call("ana", "group.add", { group: grown, members: ["dan"] });
  const topics = [groupTopic(small), groupTopic(grown), inboxTopic("dan" as UserId)];
  const { head: upto } = await readHead(store.sql);
  const { header, events } = await mend(store.sql, { topics, after: 0, upto }, LIMITS);
  const marked = events.map(({ large }, n) => [header.topics[n], large ?? false]);
  assert.deepEqual(marked, [[0, false], [1, true], [1, true], [2, false]]);
});
