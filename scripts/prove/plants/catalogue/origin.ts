/**
 * Bugs of the origin and of what it runs in the database: commit, fan-out, presence, push, resume.
 *
 * @module
 */

import { history, simulation, test } from "../judge.ts";
import type { Plant } from "../plant.ts";
import { PROMISES } from "../promises.ts";

const RACE = test("origin/commit/race_test.ts");
/** By digests alone, and there are none. */
const LATE = /ANOMALY (late|undelivered)/;
const NEW_TWICE = /ANOMALY new-twice/;

export const ORIGIN_PLANTS: readonly Plant[] = [
  {
    name: "gsid-before-the-lock",
    about: "the gsids of a batch are drawn before the lock is taken",
    promise: PROMISES.visible,
    edits: [{
      file: "origin/store/migrations/0001_core.sql",
      find: "  perform lock_log();\n  first_gsid := next_gsid();\n",
      replace: "  first_gsid := next_gsid();\n  perform lock_log();\n",
    }],
    judges: [
      { judge: history("commits"), says: /broken-chain|inverted/ },
      { judge: RACE, says: /FAILED/ },
    ],
  },
  {
    name: "acked-before-the-commit",
    about: "a send is answered when its rows are written, before they are committed",
    promise: PROMISES.stored,
    edits: [{
      file: "origin/commit/committer.ts",
      find: "const committing = commitBatch(sql, batch, { archiveAfterMs, ownSince });",
      replace: `const driver = sql as unknown as {
        begin<T>(work: (transaction: Sql) => Promise<T>): Promise<T>;
      };
      const committing = driver.begin(async (transaction) => {
        const done = await commitBatch(transaction, batch, { archiveAfterMs, ownSince });
        answerBatch(batch, done.outcomes);
        return done;
      });`,
    }],
    judges: [{ judge: history("commits"), says: /acked-lost/ }, {
      judge: simulation(),
      says: /Seed .* (not answered|was acknowledged as)/,
    }],
  },
  {
    name: "retried-as-new",
    about: "a batch whose answer was lost is stored again under other ids",
    promise: PROMISES.once,
    edits: [{
      file: "origin/commit/transaction.ts",
      find: `work.kind === "message" ? [work.message] : []`,
      replace: `work.kind !== "message" ? [] : ownSince === undefined
      ? [work.message]
      : [{ ...work.message, id: crypto.randomUUID() }]`,
    }],
    judges: [
      { judge: history("commits"), says: /doubled/ },
      { judge: simulation(), says: /Seed .* was stored twice/ },
      { judge: test("origin/commit/outage_test.ts"), says: /FAILED/ },
    ],
  },
  {
    name: "repeats-are-new",
    about: "a repeat is answered without saying that it is one",
    promise: PROMISES.once,
    edits: [{
      file: "origin/requests/outcome.ts",
      find: `outcome.outcome === "duplicate" ? { ...sent, duplicate: true } : sent`,
      replace: `outcome.outcome === "duplicate" ? { ...sent } : sent`,
    }],
    judges: [
      { judge: history("commits"), says: NEW_TWICE },
      { judge: simulation(), says: /Seed .* was called new twice/ },
    ],
  },
  {
    name: "found-is-taken-for-own",
    about:
      "what is found after a lost answer is called new, though another origin may have stored it",
    promise: PROMISES.once,
    edits: [{
      file: "origin/commit/transaction.ts",
      find: "    return { outcome, gsid, prev };\n",
      replace: `    return { outcome: isFound ? "stored" : outcome, gsid, prev };\n`,
    }],
    judges: [
      { judge: simulation(), says: /Seed .* was called new twice/ },
      { judge: test("origin/commit/outage_test.ts"), says: /FAILED/ },
    ],
  },
  {
    name: "presence-before-the-commit",
    about: "who is online is asked before the commit, so that who comes meanwhile is left out",
    promise: PROMISES.delivered,
    edits: [
      {
        file: "origin/delivery.ts",
        find: "  const fanOut = new FanOut({\n    bus,\n    presence,\n",
        replace: `  let early: ReturnType<PresenceLookup["lookup"]> | undefined;
  const fanOut = new FanOut({
    bus,
    presence: { lookup: (users) => early ?? presence.lookup(users) },
`,
      },
      {
        file: "origin/delivery.ts",
        find: "  return { presence, committer,",
        // An edge that has no answer yet asks again: what was found at first is kept.
        replace: `  const append = committer.append.bind(committer);
  const found = new Map<string, NonNullable<typeof early>>();
  committer.append = (message) => {
    early = found.get(message.id) ?? presence.lookup(message.inboxes);
    found.set(message.id, early);
    return append(message);
  };
  return { presence, committer,`,
      },
    ],
    judges: [{ judge: history("at-once"), says: LATE }],
  },
  {
    name: "offline-is-cached",
    about: "who was offline a minute ago is taken to be so still",
    promise: PROMISES.delivered,
    edits: [
      {
        file: "origin/presence/lookup.ts",
        find: "  let known: readonly string[] = [];\n",
        replace:
          "  let known: readonly string[] = [];\n  const absent = new Map<UserId, number>();\n",
      },
      {
        file: "origin/presence/lookup.ts",
        find: "      return interpretPresence(users, answers);\n",
        replace: `      const found = interpretPresence(users, answers);
      for (const [user, presence] of found) {
        const since = absent.get(user);
        if (since !== undefined && start - since < 60_000) {
          found.set(user, { state: "offline", devices: [], partial: false });
        } else if (presence.state === "offline") absent.set(user, start);
      }
      return found;
`,
      },
    ],
    judges: [{ judge: history("at-once"), says: LATE }],
  },
  {
    name: "unknown-is-offline",
    about: "a user whose presence is not known is taken to be offline",
    promise: PROMISES.delivered,
    edits: [{
      file: "origin/fan_out/decide.ts",
      find: `presenceOf(user, presence).state !== "offline"`,
      replace: `presenceOf(user, presence).state === "online"`,
    }],
    judges: [
      { judge: history("at-once"), says: LATE },
      { judge: test("origin/fan_out/decide_test.ts"), says: /FAILED/ },
    ],
  },
  {
    name: "senders-other-device-forgotten",
    about: "a message is not published to its sender's inbox although another device hears it",
    promise: PROMISES.delivered,
    edits: [{
      file: "origin/fan_out/decide.ts",
      find: "return devices.length === 1 && devices[0]!.connection === connection;",
      replace: "return devices.some((device) => device.connection === connection);",
    }],
    judges: [
      { judge: history("at-once"), says: LATE },
      { judge: test("origin/fan_out/decide_test.ts"), says: /FAILED/ },
    ],
  },
  {
    name: "late-check-trusts-presence",
    about: "the late check makes no job for a user who is said to be online",
    promise: PROMISES.pushed,
    edits: [{
      file: "origin/audit/late_check_shell.ts",
      find: "    const lacking = whoLacks(reachable, interval, this.positions);",
      replace: `    const presence = await this.#deps.presence.lookup(reachable);
    const lacking = whoLacks(reachable, interval, this.positions)
      .filter(({ user }) => presence.get(user)?.state !== "online");`,
    }],
    judges: [{ judge: history("asleep"), says: /unpushed/ }, {
      judge: simulation(),
      says: /was neither shown nor pushed/,
    }],
  },
  {
    name: "late-check-forgets-receipts",
    about: "the late check pushes what was received",
    promise: PROMISES.spared,
    edits: [
      {
        file: "origin/audit/late_check.ts",
        find: "received: positions.of(user) }",
        replace: "received: positions.of(user).slice(0, 0) }",
      },
      {
        file: "origin/push/policy.ts",
        find: `  if (now.received) return dropped("received");\n`,
        replace: "",
      },
    ],
    judges: [{ judge: history("asleep"), says: /pushed-though-received/ }],
  },
  {
    name: "audience-without-its-version",
    about: "who is pushed is read from a list of members that may be older than the message",
    promise: PROMISES.members,
    edits: [{
      file: "origin/fan_out/audience.ts",
      find: "`${event.membership} ${event.conversation}`",
      replace: "event.conversation",
    }],
    judges: [
      { judge: history("asleep"), says: /leaked/ },
      { judge: simulation(), says: /was pushed \d+ without being a member/ },
      { judge: test("origin/fan_out/audience_test.ts"), says: /FAILED/ },
    ],
  },
  {
    name: "strangers-may-send",
    about: "who is not in a group, or was removed, may write to it",
    promise: PROMISES.writers,
    edits: [{
      file: "origin/store/migrations/0001_core.sql",
      find: "when i.kind = 'group' and m.user_id is null then 'stranger'",
      replace: "when false then 'stranger'",
    }],
    judges: [{ judge: history("coming-and-going"), says: /stranger-wrote/ }, {
      judge: RACE,
      says: /FAILED/,
    }],
  },
  {
    name: "mark-before-the-jobs",
    about:
      "the late check moves its mark before it makes the jobs: who dies between leaves them out",
    promise: PROMISES.pushed,
    edits: [
      {
        file: "origin/audit/late_check_store.ts",
        find: "  const given = sql`exists (select from moved)`;\n",
        replace: "  const given = sql`exists (select from moved)`;\n" +
          "  const mark = await sql`\n" +
          "    update audit set checked = ${upto} where checked = ${after} returning checked`;\n" +
          "  if (mark.length === 0) return;\n",
      },
      {
        file: "origin/audit/late_check_store.ts",
        find:
          "      update audit set checked = ${upto} where checked = ${after} returning checked\n",
        replace: "      select ${upto}::bigint as checked\n",
      },
    ],
    judges: [{ judge: history("asleep"), says: /unpushed/ }],
  },
  {
    name: "prev-outside-the-batch",
    about: "`prev` names the event before the batch, not the one before in it",
    promise: PROMISES.chained,
    edits: [{
      file: "origin/store/migrations/0001_core.sql",
      find: "coalesce(lag(i.gsid) over alike, i.last, 0) as prev",
      replace: "coalesce(i.last, 0) as prev",
    }],
    judges: [
      { judge: history("commits"), says: /broken-chain/ },
      { judge: RACE, says: /FAILED/ },
    ],
  },
];
