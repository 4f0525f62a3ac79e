/**
 * What is committed while a device is connected comes at once, by the fast path alone: whatever was
 * known of its user before, whichever of its connections ended, and while presence is away.
 *
 * Each message is sent right after a digest, so that what the fast path left out comes two seconds
 * later, by the next one.
 *
 * @module
 */

import type { App } from "../../load/app.ts";
import type { Cast } from "./cast.ts";
import type { Scene } from "./scene.ts";

/** Of the log: `lock_log` in the migrations. */
const LOG_LOCK = 7230104;

export const atOnce: Scene = {
  about: "devices come while they are written to, and nothing waits for a digest",
  system: { origins: 1 },
  expect: { liveWithinMs: 1_500 },
  async *play(cast) {
    const ana = await cast.enter("ana", { edge: 0 });
    const tablet = await cast.enter("ana", { edge: 1, device: "tablet" });
    // The first digest begins where no edge stands yet, so that each asks for one at once.
    await cast.untilDigest();
    // Presence says that Bob is offline, and a moment later he is not.
    await cast.say(ana, { user: "bob" });
    const bob = await cast.enter("bob", { edge: 1 });
    // The connection that Dora's device had before ends after the new one has begun.
    const before = await cast.enter("dora", { edge: 1 });
    const dora = await cast.enter("dora", { edge: 1 });
    await cast.until(() => !before.live, "the older connection to be ended");
    // Cleo comes between the sending and the commit of what is for her.
    const cleo = await duringACommit(
      cast,
      () => cast.enter("cleo", { edge: 1 }),
      () => cast.say(ana, { user: "cleo" }),
    );
    yield* atOnceTo(cast, ana, [bob, cleo, dora]);
    await cast.system.kill("redis");
    await cast.untilDigest();
    yield* atOnceTo(cast, tablet, [bob]);
  },
};

/** Begins right after a digest. */
async function* atOnceTo(cast: Cast, from: App, apps: App[]): AsyncGenerator<void> {
  for (const { user } of apps) await cast.say(from, { user });
  await cast.after(1_600);
  yield;
}
/** Both happen after the commit was begun; it ends right after a digest. */
async function duringACommit<T>(
  cast: Cast,
  happens: () => Promise<T>,
  committing: () => Promise<void>,
): Promise<T> {
  const sql = cast.sql();
  await sql`select pg_advisory_lock(${LOG_LOCK})`;
  const committed = committing();
  await cast.after(100);
  const result = await happens();
  await cast.untilDigest();
  await sql`select pg_advisory_unlock(${LOG_LOCK})`;
  await committed;
  return result;
}
