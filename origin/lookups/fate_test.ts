import assert from "node:assert/strict";
import { addStretch } from "shared/received.ts";
import { gsidAt } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import { fateOf, type JobRow, type Known, type RecipientRow } from "./fate.ts";

const NOW_MS = Date.UTC(2026, 0, 1);
const GSID = gsidAt(NOW_MS - 60_000);
const ANA = "ana" as UserId, BEN = "ben" as UserId;
const PHONE = { id: 1, device: "phone", platform: "fcm" };

const KNOWN: Known = {
  gsid: GSID,
  type: "message",
  sender: ANA,
  checked: GSID,
  pages: null,
  presence: "offline",
  received: [],
  nowMs: NOW_MS,
  keptMs: 3_600_000,
};
const ROW: RecipientRow = { user: BEN, job: null, targets: [PHONE] };
const JOB: JobRow = {
  attempt: 1,
  progress: {},
  dueMs: NOW_MS,
  outcome: null,
  reason: null,
  endedMs: null,
};

const whyOf = (row: Partial<RecipientRow>, known: Partial<Known> = {}) => {
  const { push } = fateOf({ ...ROW, ...row }, { ...KNOWN, ...known });
  return push.state === "none" ? push.why : push.state;
};

Deno.test("fateOf() says why there is no push job, the first reason that holds", () => {
  assert.equal(whyOf({}, { type: "group.joined" }), "no message");
  assert.equal(whyOf({ user: ANA }), "own message");
  assert.equal(whyOf({ targets: [] }), "no targets");
  assert.equal(whyOf({}, { checked: GSID - 1 }), "not looked at yet");
  assert.equal(whyOf({}), "received or in use");
  assert.equal(whyOf({}, { nowMs: NOW_MS + 3_600_000 }), "not kept");
});

Deno.test("fateOf() knows how far the members of a large group were walked", () => {
  const walked = (walked: string, finished: boolean) => whyOf({}, { pages: { walked, finished } });
  assert.equal(walked("ada", false), "not looked at yet");
  assert.equal(walked("ben", false), "received or in use");
  assert.equal(walked("ada", true), "received or in use");
});

Deno.test("fateOf() takes only a position for having received, and none for not knowing", () => {
  const received = (upto: number) =>
    fateOf(ROW, { ...KNOWN, received: addStretch([], { after: 0, upto }) }).received;
  assert.deepEqual([0, GSID - 1, GSID, GSID + 1].map(received), [
    "unknown",
    "not yet",
    "yes",
    "yes",
  ]);
});

Deno.test("fateOf() tells of each target what its provider answered, also of one that is gone", () => {
  const again = NOW_MS + 2_000;
  const targets = [1, 2, 3].map((id) => ({ ...PHONE, id, device: `phone ${id}` }));
  const progress = { 1: "sent", 2: again, 9: "pruned" } as const;
  const job: JobRow = { ...JOB, attempt: 2, progress, reason: "503" };
  assert.deepEqual(fateOf({ user: BEN, job, targets }, KNOWN).push, {
    state: "waiting",
    attempts: 2,
    due: "2026-01-01T00:00:00.000Z",
    reason: "503",
    targets: [
      { device: "phone 1", platform: "fcm", state: "sent" },
      { device: "phone 2", platform: "fcm", state: "failed", again: "2026-01-01T00:00:02.000Z" },
      { device: "phone 3", platform: "fcm", state: "untried" },
      { device: null, platform: null, state: "pruned" },
    ],
  });
});

Deno.test("fateOf() tells when and how a job ended", () => {
  const job: JobRow = { ...JOB, dueMs: null, outcome: "sent", reason: "", endedMs: NOW_MS };
  assert.deepEqual(fateOf({ ...ROW, targets: [], job }, KNOWN).push, {
    state: "sent",
    attempts: 1,
    ended: "2026-01-01T00:00:00.000Z",
    targets: [],
  });
});
