import assert from "node:assert/strict";
import type { Gsid } from "shared/gsid.ts";
import type { ConnectionId, DeviceId, UserId } from "shared/ids.ts";
import type { Presence } from "../presence/interpret.ts";
import { storesOfThisFile, type TestStore } from "testing/stores.ts";
import { TestBeats } from "./testing/bus.ts";
import { Pager } from "./pager.ts";
import { forgetPages, type PageDeps, requestPages, walkPage } from "./push_pages.ts";
import { ReceivedPositions } from "./received.ts";
import {
  ago,
  jobsOf,
  seedConversation,
  seedEvents,
  seedTargets,
  team,
  user,
} from "./testing/seed.ts";

const stores = storesOfThisFile();
const AWAY = { lookup: () => Promise.reject(new Error("presence is away")) };
const MEMBERS = ["ana", "bo", "cy", "di", "eva", "finn", "gil"];

/** A message of ana to the group, and a walk of two members a page. */
async function seeded(db: TestStore, online: string[] = []) {
  const gsid = ago(1_000), other = gsid + 16;
  await seedConversation(db.sql, team, [
    ...MEMBERS,
    { user: "left before", joined: 0, left: gsid - 16 },
    { user: "left after", joined: 0, left: other },
    { user: "came after", joined: other },
  ]);
  await seedTargets(db.sql, [...MEMBERS, "left before", "left after", "came after"]);
  await db.sql`delete from push_targets where user_id = 'di'`;
  await seedEvents(db.sql, [{ gsid, conversation: team, sender: "ana" }]);
  await requestPages(db.sql, [gsid]);
  const asked: UserId[][] = [];
  const positions = new ReceivedPositions();
  const deps: PageDeps = {
    sql: db.sql,
    positions,
    pageMembers: 2,
    presence: {
      lookup(users) {
        asked.push([...users]);
        return Promise.resolve(new Map(users.map((each) => [each, seen(online.includes(each))])));
      },
    },
  };
  return { gsid, deps, asked, positions };
}

/** Online and looking, or online with the app in the background. */
function seen(foreground: boolean): Presence {
  const device = { device: "d" as DeviceId, connection: "c" as ConnectionId, foreground };
  return { state: "online", devices: [device], partial: false };
}

async function walkAll(deps: PageDeps): Promise<number> {
  for (let pages = 0;; pages++) if (!await walkPage(deps)) return pages;
}

const jobs = (users: string[], gsid: Gsid) => users.map((name) => `${name} ${gsid}`);

Deno.test("walkPage() makes a job for each member at commit who does not use the app now", async () => {
  await using db = await stores.store();
  const { gsid, deps, asked, positions } = await seeded(db, ["bo", "finn"]);
  positions.note(user("eva"), gsid);
  assert.equal(await walkAll(deps), 4);
  assert.deepEqual(await jobsOf(db.sql), jobs(["cy", "gil", "left after"], gsid));
  assert.deepEqual(asked, [["bo", "cy"], ["finn", "gil"], ["left after"]]);
});

Deno.test("walkPage() goes on where a walk broke off, in another origin", async () => {
  await using db = await stores.store();
  const { gsid, deps } = await seeded(db);
  await walkPage(deps);
  await assert.rejects(walkPage({ ...deps, presence: AWAY }), /presence is away/);
  assert.deepEqual(await jobsOf(db.sql), jobs(["bo", "cy"], gsid));
  await walkAll({ ...deps });
  assert.deepEqual(
    await jobsOf(db.sql),
    jobs(["bo", "cy", "eva", "finn", "gil", "left after"], gsid),
  );
});

Deno.test("walkPage() of several origins at once passes nobody over, and nobody twice", async () => {
  await using db = await stores.store();
  const { gsid, deps } = await seeded(db);
  let jobsMade = 0;
  const walker = async () => {
    for (let turn = 0; turn < 20; turn++) {
      const page = await walkPage(deps);
      if (page !== "taken") jobsMade += page?.jobs ?? 0;
    }
  };
  await Promise.all([walker(), walker(), walker()]);
  const expected = jobs(["bo", "cy", "eva", "finn", "gil", "left after"], gsid);
  assert.deepEqual([await jobsOf(db.sql), jobsMade], [expected, expected.length]);
});

Deno.test("requestPages() starts no walk that has finished again", async () => {
  await using db = await stores.store();
  const { gsid, deps } = await seeded(db);
  await walkAll(deps);
  await db.sql`delete from push_jobs`;
  await requestPages(db.sql, [gsid]);
  assert.deepEqual([await walkAll(deps), await jobsOf(db.sql)], [0, []]);
});

Deno.test("walkPage() ends the walk of an event that is no longer kept", async () => {
  await using db = await stores.store();
  const { deps } = await seeded(db);
  await db.sql`delete from events`;
  assert.equal(await walkAll(deps), 1);
});

Deno.test("forgetPages() forgets walks long after the late check has passed them", async () => {
  await using db = await stores.store();
  const hour = 3_600_000;
  await requestPages(db.sql, [ago(2 * hour), ago(0.5 * hour), ago(3 * hour)]);
  await db.sql`update push_pages set finished = gsid > ${ago(2.5 * hour)}`;
  await forgetPages(db.sql);
  assert.equal((await db.sql`select from push_pages`).length, 3, "the late check may ask again");
  await db.sql`update audit set checked = ${ago(0)}`;
  await forgetPages(db.sql);
  assert.equal((await db.sql`select from push_pages`).length, 2);
});

Deno.test("Pager walks all there is at each beat, and reports what fails", async () => {
  await using db = await stores.store();
  const { gsid, deps } = await seeded(db, ["bo", "cy", "eva", "finn", "gil"]);
  const beats = new TestBeats();
  const walked: number[] = [], failures: unknown[] = [];
  const events = {
    walked: (page: { jobs: number }) => void walked.push(page.jobs),
    failed: (error: unknown) => void failures.push(error),
  };
  {
    await using _pager = new Pager({ ...deps, every: beats.every, events });
    beats.beat();
    beats.beat();
  }
  assert.deepEqual(
    [walked, failures],
    [[0], []],
    "disposing lets the page in hand finish, no more",
  );
  {
    await using _pager = new Pager({ ...deps, presence: AWAY, every: beats.every, events });
    beats.beat();
  }
  assert.match(`${failures}`, /presence is away/);
  await walkAll(deps);
  assert.deepEqual(await jobsOf(db.sql), jobs(["left after"], gsid));
});
