import assert from "node:assert/strict";
import type { UserId } from "shared/ids.ts";
import { describeTrace, type Trace } from "./trace.ts";

const TRACE: Trace = {
  gsid: 4096,
  type: "message",
  conversation: "dm:ana:ben",
  at: "2026-01-01T00:00:00.000Z",
  sender: "ana",
  id: "m1",
  lateCheck: "done",
  recipients: [],
  more: false,
};

Deno.test("describeTrace() has a line for the message, its checks and each recipient", () => {
  const recipients: Trace["recipients"] = [
    {
      user: "ana" as UserId,
      presence: "online",
      received: "yes",
      push: { state: "none", why: "own message" },
    },
    {
      user: "ben" as UserId,
      presence: "offline",
      received: "not yet",
      push: {
        state: "sent",
        attempts: 2,
        ended: "2026-01-01T00:00:03.000Z",
        targets: [
          { device: "phone", platform: "fcm", state: "sent" },
          { device: null, platform: null, state: "pruned" },
        ],
      },
    },
    {
      user: "cat" as UserId,
      presence: "unknown",
      received: "unknown",
      push: {
        state: "waiting",
        attempts: 1,
        due: "2026-01-01T00:00:09.000Z",
        reason: "503",
        targets: [{ device: "pad", platform: "apns", state: "failed", again: "soon" }],
      },
    },
  ];
  assert.deepEqual(describeTrace({ ...TRACE, recipients, walk: "done" }), [
    "2026-01-01T00:00:00.000Z  4096  message in dm:ana:ben  from ana as m1",
    "late check done, pages done",
    "ana  online  received  no push: own message",
    "ben  offline  not received yet  push sent at 2026-01-01T00:00:03.000Z after 2 tries" +
    "; phone (fcm) sent; a token that is gone pruned",
    "cat  unknown  received?  push waiting, due 2026-01-01T00:00:09.000Z after 1 try: 503" +
    "; pad (apns) failed, again soon",
  ]);
});

Deno.test("describeTrace() tells of an alert, which is from nobody and to everybody", () => {
  const alert = { ...TRACE, type: "alert", conversation: "system", sender: null, id: null };
  assert.deepEqual(describeTrace(alert), [
    "2026-01-01T00:00:00.000Z  4096  alert in system",
    "late check done",
  ]);
});
