import assert from "node:assert/strict";
import fc from "fast-check";
import type { Gsid } from "shared/gsid.ts";
import { groupConversation, type GroupId } from "shared/ids.ts";
import type { Sql } from "../store/sql.ts";
import { storesOfThisFile } from "testing/stores.ts";
import { TestBeats, TestBus } from "./testing/bus.ts";
import { LateCheck } from "./late_check_shell.ts";
import { onlyLooking } from "./testing/presence.ts";
import {
  ago,
  jobsOf,
  markOf,
  type Membership,
  seedConversation,
  type SeedEvent,
  seedEvents,
  seedTargets,
  user,
} from "./testing/seed.ts";

const stores = storesOfThisFile();
const USERS = ["ana", "bo", "cy", "di"];
const GROUPS = ["one", "two"].map((name) => groupConversation(name as GroupId));
/** Events have the places 1 to 12 in time; the last ones are too young to be looked at. */
const PLACES = 12;
const YOUNG = 11;

const events = fc.uniqueArray(
  fc.record({
    place: fc.integer({ min: 1, max: PLACES }),
    conversation: fc.constantFrom(...GROUPS),
    sender: fc.constantFrom(...USERS),
    isMessage: fc.nat(4).map((n) => n > 0),
  }),
  { selector: ({ place }) => place, minLength: 3 },
);
const memberships = fc.uniqueArray(
  fc.record({
    conversation: fc.constantFrom(...GROUPS),
    user: fc.constantFrom(...USERS),
    joined: fc.integer({ min: 0, max: PLACES }),
    stayed: fc.option(fc.integer({ min: 1, max: PLACES })),
  }),
  {
    selector: ({ conversation, user, joined }) => `${conversation} ${user} ${joined}`,
    minLength: 3,
  },
);
const positions = fc.array(fc.nat(PLACES), { minLength: 4, maxLength: 4 });
const reachable = fc.subarray(USERS, { minLength: 2 });
const jobs = fc.array(fc.record({ user: fc.constantFrom(...USERS), place: fc.nat(PLACES) }));

Deno.test("LateCheck makes just the jobs that looking at one pair after the other finds", async () => {
  await using db = await stores.store();
  const scenario = fc.record({ events, memberships, positions, reachable, jobs });
  await fc.assert(
    fc.asyncProperty(scenario, async (scenario) => {
      await clear(db.sql);
      const old = ago(60_000), young = ago(5_000);
      const gsid = (place: number): Gsid => (place < YOUNG ? old : young) + place * 16;
      const sorted = scenario.events.sort((a, b) => a.place - b.place).map((event): SeedEvent => ({
        gsid: gsid(event.place),
        conversation: event.conversation,
        sender: event.sender,
        type: event.isMessage ? "message" : "group.joined",
      }));
      const intervals = disjoint(scenario.memberships).map((each) => ({
        ...each,
        joined: gsid(each.joined),
        ...(each.left === undefined ? {} : { left: gsid(each.left) }),
      }));
      for (const group of GROUPS) {
        await seedConversation(db.sql, group, intervals.filter((m) => m.conversation === group));
      }
      await seedEvents(db.sql, sorted);
      await seedTargets(db.sql, scenario.reachable);
      const existing = scenario.jobs.map(({ user, place }) => `${user} ${gsid(place)}`);
      await seedJobs(db.sql, existing);

      await using check = lateCheck(db.sql);
      USERS.forEach((name, i) => check.positions.note(user(name), gsid(scenario.positions[i]!)));
      await check.check();

      const late = sorted.filter((event) => event.gsid < young);
      const expected = new Set(existing);
      for (const event of late.filter(({ type }) => type === "message")) {
        for (const { conversation, user, joined, left } of intervals) {
          if (conversation !== event.conversation || user === event.sender) continue;
          if (event.gsid < joined || event.gsid > (left ?? Infinity)) continue;
          if (!scenario.reachable.includes(user)) continue;
          if (gsid(scenario.positions[USERS.indexOf(user)]!) >= event.gsid) continue;
          expected.add(`${user} ${event.gsid}`);
        }
      }
      assert.deepEqual((await jobsOf(db.sql)).sort(), [...expected].sort());
      assert.equal(await markOf(db.sql), late.at(-1)?.gsid ?? 0);
    }),
    { numRuns: 40 },
  );
});

type Interval = Membership & { conversation: typeof GROUPS[number]; joined: number };

/** One after the other, as the write path makes them: nobody is twice in a group at a time. */
function disjoint(
  all: {
    conversation: typeof GROUPS[number];
    user: string;
    joined: number;
    stayed: number | null;
  }[],
): Interval[] {
  const sorted = [...all].sort((a, b) => a.joined - b.joined);
  return sorted.map(({ conversation, user, joined, stayed }, i) => {
    const next = sorted.slice(i + 1).find((later) =>
      later.conversation === conversation && later.user === user
    );
    const left = Math.min(
      stayed === null ? Infinity : joined + stayed,
      (next?.joined ?? Infinity) - 1,
    );
    return { conversation, user, joined, ...(left === Infinity ? {} : { left }) };
  });
}

function lateCheck(sql: Sql): LateCheck {
  return new LateCheck({
    sql,
    bus: new TestBus(),
    presence: onlyLooking(),
    origin: "origin-1",
    largeGroup: 1_000,
    nowMs: () => 0,
    wallMs: Date.now,
    every: new TestBeats().every,
    events: {
      checked() {},
      ended() {},
      disbelieved() {},
      failed: (error) => {
        throw error;
      },
    },
  });
}

async function clear(sql: Sql): Promise<void> {
  await sql`truncate events, members, push_targets, push_jobs`;
  await sql`delete from conversations where kind = 'group'`;
  await sql`update audit set checked = 0`;
}

async function seedJobs(sql: Sql, jobs: string[]): Promise<void> {
  for (const job of jobs) {
    const [name, gsid] = job.split(" ");
    await sql`
      insert into push_jobs (user_id, gsid) values (${name!}, ${Number(gsid)})
      on conflict do nothing`;
  }
}
