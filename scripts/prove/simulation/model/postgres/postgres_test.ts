/**
 * The model of the database answers as Postgres does, whatever is asked of both by the origin's own
 * functions, in whatever order.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { storesOfThisFile } from "testing/stores.ts";
import type { JsonObject } from "shared/event.ts";
import { GSID_PER_MS } from "shared/gsid.ts";
import {
  type ConversationId,
  type DeviceId,
  directConversation,
  groupConversation,
  type GroupId,
  type MessageId,
  SYSTEM_CONVERSATION,
  type UserId,
} from "shared/ids.ts";
import { addStretch, type Stretches } from "shared/received.ts";
import { groupTopic, inboxTopic, SYSTEM_ALERTS, type TopicKey } from "shared/topic.ts";
import {
  commitFindings,
  insertJobs,
  insertPages,
  readMark,
  selectLate,
  selectReachable,
  selectRecent,
} from "origin/audit/late_check_store.ts";
import { forgetPages, walkPage } from "origin/audit/push_pages.ts";
import { readDigest } from "origin/audit/read_digest.ts";
import { appendMessages, changeGroup, lockedOf, readCommitted } from "origin/commit/append.ts";
import { alert, message } from "origin/commit/command.ts";
import { membersReader } from "origin/fan_out/audience.ts";
import { registerDevice } from "origin/push/devices.ts";
import type { Ended, Progress, Verdict } from "origin/push/job.ts";
import { createPushQueue } from "origin/push/queue.ts";
import { catchUp } from "origin/requests/catch_up.ts";
import { changes } from "origin/requests/changes.ts";
import { fullMembers } from "origin/requests/full_members.ts";
import { mend } from "origin/requests/mend.ts";
import { revoke } from "origin/requests/revoke.ts";
import { readHead, readSnapshot } from "origin/store/snapshot.ts";
import type { Sql } from "origin/store/sql.ts";
import { Query, StatementFinder } from "./query.ts";
import { Tables } from "./tables.ts";

const stores = storesOfThisFile();
const USERS = ["ana", "ben", "cleo"] as UserId[];
const GROUPS = ["g", "h"] as GroupId[];
const CONVERSATIONS: ConversationId[] = [
  ...GROUPS.map(groupConversation),
  directConversation(USERS[0]!, USERS[1]!),
  directConversation(USERS[2]!, USERS[2]!),
  SYSTEM_CONVERSATION,
];
const TOPICS: TopicKey[] = [...USERS.map(inboxTopic), ...GROUPS.map(groupTopic), SYSTEM_ALERTS];
/** In a time to come, so that no clock has a say in which gsid is next. */
const START = 2 ** 52;
/** As old as everything: ages are counted from today. */
const ANY_AGE_MS = -1e13;
const STEP = 16;
/** Six events elsewhere: longer than a batch. */
const SILENCE_MS = 6 * STEP / GSID_PER_MS;

const LIMITS = { largeGroup: 2 };

/** What is asked, of either; what it answers is compared. */
type Command = (sql: Sql) => Promise<unknown>;

const user = fc.constantFrom(...USERS);
const users = fc.uniqueArray(user, { minLength: 1 });
const group = fc.constantFrom(...GROUPS);
const id = fc.constantFrom(..."abcdefgh") as fc.Arbitrary<MessageId>;
/** The place of an event that there may be. */
const gsid = fc.integer({ min: -1, max: 40 }).map((n) => START + n * STEP);
const interval = fc.tuple(gsid, gsid).map(([one, other]) => ({
  after: Math.min(one, other),
  upto: Math.max(one, other),
}));
const body = fc.constantFrom(...[1, 2].map((n) => {
  const value: JsonObject = { n };
  return { value, text: JSON.stringify(value) };
}));

const sent = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(user, user, id, body).map(([a, b, id, body]) =>
      message(a, { user: b }, id, body)
    ),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(user, group, id, body).map(([a, group, id, body]) =>
      message(a, { group }, id, body)
    ),
  },
  fc.tuple(id, body).map(([id, body]) => alert(id, body)),
);
/** No key twice, as the committer sees to. */
const batch = fc.uniqueArray(sent, {
  minLength: 1,
  maxLength: 4,
  selector: ({ sender, id }) => `${sender} ${id}`,
});

let operations = 0;
const change = fc.tuple(fc.constantFrom("create", "add", "remove", "leave"), group, user, users)
  .map(([change, group, by, members]): Command => {
    const operation = `operation ${operations++}`;
    return (sql) =>
      changeGroup(
        sql,
        operation,
        { change, group, by, members } as Parameters<typeof changeGroup>[2],
        SILENCE_MS,
      );
  });

const device = fc.constantFrom("phone", "tablet") as fc.Arbitrary<DeviceId>;
const revoking = fc.record({
  user,
  device: fc.option(device, { nil: undefined }),
  before: fc.integer({ min: 1, max: 3 }),
}).map(({ device, ...which }): Command => (sql) =>
  revoke(sql, { ...which, ...(device && { device }) }, Date.now())
);

const reading: fc.Arbitrary<Command> = fc.oneof(
  fc.tuple(user, device).map(([user, device]): Command => async (sql) =>
    (await readSnapshot(sql, { user, revokedOf: { device } }, 2)).revoked
  ),
  fc.tuple(user, fc.option(group)).map(([user, group]): Command => async (sql) => {
    const { at: _, ...snapshot } = await readSnapshot(sql, { user, ...(group && { group }) }, 2);
    return snapshot.groups.sort((one, other) => one.group < other.group ? -1 : 1);
  }),
  fc.record({ change: fc.constantFrom("create" as const, "add" as const), group, by: user, users })
    .map((joining): Command => (sql) => fullMembers({ sql, maxUserGroups: 1 }, joining)),
  fc.constant(async (sql: Sql) => [...await lockedOf(sql, CONVERSATIONS)]),
  fc.constant((sql: Sql) => readHead(sql)),
  fc.tuple(user, gsid, fc.option(group)).map(([user, gsid, group]): Command => (sql) =>
    catchUp(sql, { user, after: { gsid, epoch: "e1" }, ...(group && { group }) }, LIMITS)
      .then(({ header: { groups: _, ...header }, events }) => ({ header, events }))
  ),
  fc.tuple(user, interval).map(([user, { after, upto }]): Command => (sql) =>
    catchUp(sql, { user, after: { gsid: after, epoch: "e1" }, upto }, LIMITS)
  ),
  fc.tuple(fc.uniqueArray(fc.constantFrom(...TOPICS), { minLength: 1 }), interval)
    .map(([topics, interval]): Command => (sql) =>
      mend(sql, { topics, ...interval }, { largeGroup: 2 })
    ),
  fc.tuple(group, gsid).map(([group, after]): Command => (sql) => changes(sql, { group, after })),
  fc.option(gsid, { nil: undefined }).map((after): Command => async (sql) => {
    const { digest, events } = await readDigest(sql, after);
    return { ...digest, topics: digest.topics.sort(), events };
  }),
  fc.tuple(fc.constantFrom(...CONVERSATIONS), gsid).map(
    ([conversation, gsid]): Command => async (sql) =>
      (await membersReader(sql)(conversation, gsid)).sort(),
  ),
  fc.uniqueArray(gsid, { minLength: 1 }).map((gsids): Command => (sql) =>
    readCommitted(sql, gsids)
  ),
);

const stretches = fc.array(interval, { maxLength: 3 }).map((all) =>
  all.reduce<Stretches>(addStretch, [])
);
const lacking = fc.uniqueArray(fc.record({ user, received: stretches }), {
  minLength: 1,
  selector: ({ user }) => user,
});
const some = fc.uniqueArray(fc.constantFrom(...CONVERSATIONS), { minLength: 1 });
const nobody = { lookup: () => Promise.resolve(new Map()), inFlight: 0 };

const auditing: fc.Arbitrary<Command> = fc.oneof(
  fc.constant((sql: Sql) => readMark(sql)),
  fc.tuple(gsid, fc.constantFrom(0, ANY_AGE_MS), gsid).map(
    ([after, ageMs, seen]): Command => (sql) => selectLate(sql, after, { ageMs, seen }),
  ),
  fc.tuple(some, interval).map(([some, interval]): Command => async (sql) =>
    (await selectReachable(sql, some, interval)).sort()
  ),
  fc.tuple(lacking, some, interval).map(([lacking, some, interval]): Command => (sql) =>
    insertJobs(sql, lacking, some, interval)
  ),
  fc.tuple(lacking, some, fc.uniqueArray(gsid), gsid).map(
    ([lacking, conversations, paged, upto]): Command => async (sql) => {
      const { checked: after } = await readMark(sql);
      return await commitFindings(sql, { after, upto, lacking, conversations, paged });
    },
  ),
  fc.tuple(lacking, some, interval).map(([lacking, conversations, interval]): Command => (sql) =>
    commitFindings(sql, { ...interval, lacking, conversations, paged: [] })
  ),
  fc.uniqueArray(gsid).map((gsids): Command => (sql) => insertPages(sql, gsids)),
  fc.integer({ min: 1, max: 2 }).map((pageMembers): Command => (sql) =>
    walkPage({ sql, presence: nobody, positions: { has: () => false }, pageMembers })
  ),
  fc.constant((sql: Sql) => forgetPages(sql)),
  users.map((users): Command => async (sql) => {
    const recent = await selectRecent(sql, users, ANY_AGE_MS, 2);
    // Nothing is younger than everything: the mark alone would differ by the clock.
    return { reachable: recent.reachable.sort(), upto: recent.upto };
  }),
);

/** Tokens' ids are drawn in the order in which they come, in either. */
function ended(how: string): Verdict {
  const end = (outcome: Ended["outcome"], progress: Progress, reason: string): Ended => ({
    kind: "ended",
    ...{ outcome, progress, reason },
    ...(outcome !== "sent" && reason !== "received" && { unreached: true }),
  });
  switch (how) {
    case "sent":
      return end("sent", { 1: "sent" }, "");
    case "received":
      return end("dropped", { 1: 7 }, "received");
    case "gone":
      return end("dropped", { 1: 7 }, "no targets");
    case "pruned":
      return end("dropped", { 1: "pruned" }, "unregistered");
    default:
      return end("dead", { 1: "refused", 2: "pruned" }, "refused");
  }
}

const pushing: fc.Arbitrary<Command> = fc.oneof(
  fc.tuple(user, id).map(([user, token]): Command => (sql) =>
    registerDevice(sql, { user, device: "d" as never }, { platform: "fcm", token })
  ),
  fc.uniqueArray(fc.record({ gsid, user }), { selector: ({ gsid, user }) => `${gsid} ${user}` })
    .map((jobs): Command => (sql) => createPushQueue(sql).enqueue(jobs)),
  fc.constantFrom("sent", "received", "gone", "pruned", "refused", "again").map(
    (outcome): Command => async (sql) => {
      const queue = createPushQueue(sql);
      const jobs = await queue.claim(1_000, 60_000);
      await queue.record(jobs.map((job) => [
        job,
        outcome === "again"
          ? { kind: "again", afterMs: -1, progress: { 1: 7 }, reason: "later" }
          : ended(outcome),
      ]));
      const known = jobs.map(({ ageMs: _, targets, ...job }) => ({
        ...job,
        targets: targets.map(({ token }) => token).sort(),
      }));
      return known.sort((one, other) => one.gsid - other.gsid || (one.user < other.user ? -1 : 1));
    },
  ),
  fc.tuple(user, id).map(([user, token]): Command => (sql) =>
    createPushQueue(sql).holds(user, { id: 0, platform: "fcm", token, registeredAt: "" })
  ),
  fc.tuple(user, id).map(([user, token]): Command => (sql) =>
    createPushQueue(sql).prune(
      { id: 0, platform: "fcm", token, registeredAt: sql === modelled ? "1e18" : "infinity" },
      { kind: "prune", reason: user },
    )
  ),
);

/** Who was in which group, and what reached whom, at every place there may be an event. */
const everywhere: Command = (sql) =>
  Promise.all(Array.from({ length: 40 }, async (_, n) => {
    const gsid = START + n * STEP;
    const after = { gsid, epoch: "e1" };
    const [group] = GROUPS;
    const pages = await Promise.all(
      USERS.flatMap((user) => [{ user, after }, { user, after, group: group! }])
        .map((read) => catchUp(sql, read, LIMITS)),
    );
    const groups = await Promise.all(
      GROUPS.map((group) => membersReader(sql)(groupConversation(group), gsid)),
    );
    return [groups.map((members) => members.sort()), pages.map(({ events }) => events)];
  }));

/** All that is revoked, in its order. */
const everyRevocation: Command = async (sql) => (await readDigest(sql, START)).digest.revoked;

let modelled: Sql | undefined;

/** The model, without anything between. */
function modelOf(tables: Tables): Sql {
  const finder = new StatementFinder();
  const watch = { checked() {}, jobMade() {}, spared() {}, digestCut() {}, revoked() {} };
  const limits = { digestEvents: 8_000, pageEvents: 1_000 };
  const tag = (strings: TemplateStringsArray, ...values: unknown[]) =>
    new Query(strings, values, (query) => {
      const nowMs = Date.now();
      const running = { tables, watch, limits, values: query.values, nowMs, lockedMs: nowMs };
      return Promise.resolve(finder.of(query).run(running));
    });
  return tag as unknown as Sql;
}

Deno.test("the model answers as Postgres does, whatever an origin asks", async () => {
  const appending = batch.map((batch): Command => async (sql) =>
    (await appendMessages(sql, batch, SILENCE_MS)).map((one) =>
      // What else it says of a stranger nobody looks at.
      one.outcome === "stranger" ? one.outcome : one
    )
  );
  const command = fc.oneof(
    { weight: 4, arbitrary: appending },
    { weight: 4, arbitrary: change },
    { weight: 2, arbitrary: revoking },
    { weight: 4, arbitrary: reading },
    { weight: 3, arbitrary: auditing },
    { weight: 2, arbitrary: pushing },
  );
  const run = fc.asyncProperty(
    fc.array(command, { maxLength: 60, size: "max" }),
    async (commands) => {
      await using store = await stores.store();
      await store.sql`update log set epoch = 'e1', last = ${START}`;
      await store.sql`update audit set checked = ${START}`;
      const tables = new Tables();
      tables.last = tables.checked = START;
      const model = modelled = modelOf(tables);
      for (const command of [...commands, everywhere, everyRevocation]) {
        const expected = await command(store.sql);
        assert.deepEqual(plain(await command(model)), plain(expected));
      }
    },
  );
  await fc.assert(run, { numRuns: 20 });
});

/** Rows of the driver carry more than their columns. */
function plain(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer ?? null));
}
