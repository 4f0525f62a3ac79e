/**
 * After the faults: everything heals, by itself and in time.
 *
 * Invariant: once nothing is wrong any more, every edge proves everything, every device has
 * everything, every send is answered, and the late check has passed the newest event. What is said
 * to be late here is what users would have to wait for.
 *
 * @module
 */

import type { World } from "../world.ts";

const LOOK_MS = 1_000;
/** Half a minute until a dead connection is noticed, and what comes after it. */
const HEALED_WITHIN_MS = 90_000;

/** Lets the world heal. Gives how long that took. */
export function heal(world: World): number {
  const { timeline, judge } = world;
  const startMs = timeline.nowMs;
  endFaults(world);
  for (;;) {
    timeline.advance(LOOK_MS);
    const tookMs = timeline.nowMs - startMs;
    const sick = whatIsWrong(world);
    if (sick === undefined || timeline.stopped) return tookMs;
    if (tookMs > HEALED_WITHIN_MS) {
      judge.fail(`${HEALED_WITHIN_MS / 1000} s after the last fault, ${sick}`);
      return tookMs;
    }
  }
}

function endFaults(world: World): void {
  const { models, devices, edges, origins, odd } = world;
  models.broker.faults.silence();
  models.redis.speakTruth();
  models.postgres.comeBack();
  models.provider.recover();
  world.failingReplays = 0;
  for (const { process } of [...edges, ...origins]) {
    process.spare();
    process.wakeUp();
  }
  world.healAll();
  for (const pipe of odd) pipe.hangUp();
  for (const device of devices) {
    device.wake();
    device.closeOld();
    device.connect();
  }
}

/** `undefined`: nothing. */
function whatIsWrong({ edges, devices, truth, models }: World): string | undefined {
  const { tables } = models.postgres;
  for (const { process, delivery } of edges) {
    const { ledger } = delivery;
    if (ledger.epoch !== truth.epoch) return `${process.name} is in epoch ${ledger.epoch}`;
    if (ledger.proven !== truth.head) return `${process.name} has proven only ${ledger.proven}`;
  }
  for (const { traits: { name }, app, session, outbox } of devices) {
    if (!session) return `${name} is not connected`;
    const lacking = app.lacks(truth.head);
    if (lacking !== undefined) return `${name} lacks ${lacking}`;
    if (outbox.unanswered > 0) return `${name} has sends that were not answered`;
  }
  const newest = tables.events.at(-1)?.gsid ?? 0;
  if (tables.checked < newest) return `the late check has come only to ${tables.checked}`;
}
