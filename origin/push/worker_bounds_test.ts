import assert from "node:assert/strict";
import { waitUntil } from "../../scripts/services/wait_until.ts";
import type { ConversationId, UserId } from "shared/ids.ts";
import type { PushEvents } from "./events.ts";
import type { PushGateway } from "./gateway/gateway.ts";
import type { PushJob } from "./job.ts";
import type { PushQueue } from "./queue.ts";
import { startPushWorker } from "./worker.ts";

const SILENT: PushEvents = {
  sent() {},
  pruned() {},
  retried() {},
  refused() {},
  dropped() {},
  dead() {},
  alarm() {},
  failed() {},
};

/** A queue that always has more, and gateways that hang until `go`. */
function scene({ maxJobs, remembered }: { maxJobs: number; remembered: number }) {
  const go = Promise.withResolvers<void>(), written = Promise.withResolvers<void>();
  let claimed = 0, left = 40;
  const job = (): PushJob => ({
    gsid: ++claimed,
    user: "ben" as UserId,
    attempt: 1,
    progress: {},
    reason: null,
    ageMs: 0,
    newer: null,
    event: {
      gsid: claimed,
      type: "message",
      conversation: "dm:ana:ben" as ConversationId,
      fields: `{"id":"m","from":"ana","body":{}}`,
    },
    sender: "ana" as UserId,
    targets: [{ id: 1, platform: "fcm", token: "t", registeredAt: "" }],
  });
  const queue: Partial<PushQueue> = {
    onEnqueued() {},
    claim(limit) {
      const jobs = Array.from({ length: Math.min(limit, left) }, job);
      left -= jobs.length;
      return Promise.resolve(jobs);
    },
    record: () => written.promise,
  };
  const gateway: PushGateway = {
    platform: "fcm",
    send: () => go.promise.then(() => ({ kind: "sent" })),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const worker = startPushWorker({
    queue: queue as PushQueue,
    gateways: new Map([["fcm", gateway]]),
    events: SILENT,
    received: () => false,
    clock: { nowMs: () => 0, random: () => 0, wait: untilAborted },
    settings: { maxJobs, remembered },
  });
  return { worker, go, written, claimed: () => claimed };
}

function untilAborted(_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("a worker claims no more jobs than it may have in hand, sent or yet to be written down", async () => {
  const { worker, go, written, claimed } = scene({ maxJobs: 10, remembered: 100 });
  await settled();
  assert.deepEqual([claimed(), worker.kept.jobs], [10, 10]);
  go.resolve();
  for (let i = 0; i < 20; i++) await settled();
  // Those of the write that hangs are out of its hands; all others count, though they were sent.
  assert(worker.kept.jobs <= 10 && claimed() <= 20, `${worker.kept.jobs} of ${claimed()}`);
  written.resolve();
  await waitUntil(() => claimed() === 40 || undefined, { what: "all jobs", withinMs: 5_000 });
  await worker[Symbol.asyncDispose]();
  assert.equal(worker.kept.jobs, 0);
});

Deno.test("a worker remembers only so many sends", async () => {
  const { worker, go, written, claimed } = scene({ maxJobs: 10, remembered: 7 });
  go.resolve();
  written.resolve();
  await waitUntil(() => claimed() === 40 || undefined, { what: "all jobs", withinMs: 5_000 });
  await worker[Symbol.asyncDispose]();
  assert.equal(worker.kept.remembered, 7);
});
