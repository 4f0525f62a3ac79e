import assert from "node:assert/strict";
import type { ConversationId, UserId } from "shared/ids.ts";
import type { Outcome, Platform } from "./gateway/gateway.ts";
import type { PushJob, StoredTarget } from "./job.ts";
import { type Circumstances, judgeJob, planJob } from "./policy.ts";

const NOW = 1_000_000;
const fcm = target(1, "fcm"), apns = target(2, "apns");

function target(id: number, platform: Platform): StoredTarget {
  return { id, platform, token: `t${id}`, registeredAt: "2026-11-01" };
}

function job(changes: Partial<PushJob> = {}): PushJob {
  return {
    gsid: 160,
    user: "ben" as UserId,
    attempt: 1,
    progress: {},
    reason: null,
    ageMs: 10,
    newer: null,
    event: { gsid: 160, type: "message", conversation: "group:g" as ConversationId, fields: "{}" },
    sender: "ana" as UserId,
    targets: [fcm, apns],
    ...changes,
  };
}

const calm: Circumstances = {
  received: false,
  ttlMs: 1_000_000,
  nowMs: NOW,
  configured: () => true,
  pausedForMs: () => 0,
  remembered: () => false,
};

Deno.test("planJob() drops what need not be sent, with a reason", () => {
  const event = job().event!;
  const cases: [PushJob, Partial<Circumstances>, string][] = [
    [job({ event: null }), {}, "dropped event gone"],
    [job({ event: { ...event, type: "group.joined" } }), {}, "dropped not a message"],
    [job({ sender: "ben" as UserId }), {}, "dropped own message"],
    [job(), { received: true }, "dropped received"],
    [job({ targets: [] }), {}, "dropped no targets"],
    [job(), { configured: () => false }, "dropped not configured"],
    [job({ ageMs: 1_000_000 }), {}, "dead expired: late"],
    [job({ ageMs: 1_000_000, reason: "http 503" }), {}, "dead expired: http 503"],
    [job({ newer: "sent", ageMs: 60_000 }), {}, "dropped superseded"],
    [job({ progress: { 1: "sent", 2: "pruned" } }), {}, "sent "],
    [job({ progress: { 1: "pruned", 2: "refused" } }), {}, "dead no targets"],
    [job(), { remembered: () => true }, "sent "],
  ];
  for (const [job, now, expected] of cases) {
    const plan = planJob(job, { ...calm, ...now });
    assert.ok(plan.kind === "ended", expected);
    assert.equal(`${plan.outcome} ${plan.reason}`, expected);
  }
});

Deno.test("planJob() sends to every target that is open and due", () => {
  const cases: [Partial<PushJob>, Partial<Circumstances>, StoredTarget[]][] = [
    [{}, {}, [fcm, apns]],
    [{ newer: "sent", ageMs: 59_999 }, {}, [fcm, apns]],
    [{ newer: "open", ageMs: 59_999 }, {}, [fcm, apns]],
    [{ progress: { 1: "sent" } }, {}, [apns]],
    [{ progress: { 1: "refused" } }, {}, [apns]],
    [{ progress: { 1: NOW + 1, 2: NOW } }, {}, [apns]],
    [{}, { configured: (platform) => platform === "fcm" }, [fcm]],
    [{}, { pausedForMs: (platform) => platform === "fcm" ? 1 : 0 }, [apns]],
    [{}, { remembered: ({ id }) => id === 1 }, [apns]],
  ];
  for (const [changes, now, targets] of cases) {
    assert.deepEqual(planJob(job(changes), { ...calm, ...now }), { kind: "send", targets });
  }
});

Deno.test("planJob() waits for the first target that comes due", () => {
  const paused = planJob(job({ progress: { 1: NOW + 500, 2: NOW + 50 } }), {
    ...calm,
    pausedForMs: (platform) => platform === "apns" ? 70 : 0,
  });
  assert.deepEqual([paused.kind, "afterMs" in paused && paused.afterMs], ["again", 70]);
});

Deno.test("planJob() waits for a newer job that has not ended: it may end without a push", () => {
  const waits = planJob(job({ newer: "open", ageMs: 60_000, progress: { 1: "sent" } }), calm);
  assert.deepEqual(waits, {
    kind: "again",
    afterMs: 15_000,
    progress: { 1: "sent" },
    reason: "newer first",
  });
});

function judge(
  answers: [StoredTarget, Outcome][],
  changes: Partial<PushJob> = {},
  configured = (_: Platform) => true,
) {
  return judgeJob(job(changes), new Map(answers), {
    nowMs: NOW,
    random: () => 0,
    backoff: { baseMs: 100, maxMs: 1_000 },
    configured,
  });
}

const SENT: Outcome = { kind: "sent" };
const GONE: Outcome = { kind: "prune", reason: "UNREGISTERED" };
const BAD: Outcome = { kind: "fail", reason: "PayloadTooLarge" };
const BUSY: Outcome = { kind: "retry", reason: "http 503", scope: "provider" };

Deno.test("judgeJob() ends a job when every target is settled", () => {
  const end = (answers: [StoredTarget, Outcome][]) => {
    const verdict = judge(answers);
    return verdict.kind === "ended" ? `${verdict.outcome} ${verdict.reason}` : verdict.kind;
  };
  assert.equal(end([[fcm, SENT], [apns, SENT]]), "sent ");
  assert.equal(end([[fcm, SENT], [apns, GONE]]), "sent ");
  assert.equal(end([[fcm, GONE], [apns, GONE]]), "dropped UNREGISTERED");
  assert.equal(end([[fcm, GONE], [apns, BAD]]), "dead PayloadTooLarge");
  assert.equal(end([[fcm, SENT], [apns, BUSY]]), "again");
});

Deno.test("judgeJob() repeats only what failed, when each may be repeated", () => {
  assert.deepEqual(judge([[fcm, SENT], [apns, { ...BUSY, afterMs: 9_000 }]], { attempt: 3 }), {
    kind: "again",
    afterMs: 9_000,
    progress: { 1: "sent", 2: NOW + 9_000 },
    reason: "http 503",
  });
  const verdict = judge([[fcm, { ...BUSY, afterMs: 9_000 }], [apns, BUSY]], { attempt: 3 });
  assert.deepEqual([verdict.kind, "afterMs" in verdict && verdict.afterMs], ["again", 200]);
});

Deno.test("judgeJob() does not wait for a platform that is not configured", () => {
  const verdict = judge([[fcm, SENT]], {}, (platform) => platform === "fcm");
  assert.deepEqual([verdict.kind, "outcome" in verdict && verdict.outcome], ["ended", "sent"]);
});
