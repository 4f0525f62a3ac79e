/**
 * What is committed while a device is connected comes at once, by the fast path alone: whatever was
 * known of its user before, whichever of its connections ended, and while presence is away.
 *
 * No digest comes meanwhile, so what the fast path leaves out is late on the slowest machine, too.
 *
 * @module
 */

import { waitUntil } from "../../../services/wait_until.ts";
import type { App } from "../../load/app.ts";
import type { Cast } from "./cast.ts";
import type { Scene } from "./scene.ts";

/** Of the log: `lock_log` in the migrations. */
const LOG_LOCK = 7230104;
/** Long after what comes by the fast path on a machine that is busy. */
const AT_ONCE_MS = 3_000;
const COMMIT_MS = 10_000;

export const atOnce: Scene = {
  about: "devices come while they are written to, and nothing waits for a digest",
  system: { origins: 1 },
  expect: { liveWithinMs: AT_ONCE_MS },
  async *play(cast) {
    const ana = await cast.enter("ana", { edge: 0 });
    const tablet = await cast.enter("ana", { edge: 1, device: "tablet" });
    await cast.withoutDigests();
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
    yield* atOnceTo(cast, tablet, [bob]);
  },
};

async function* atOnceTo(cast: Cast, from: App, apps: App[]): AsyncGenerator<void> {
  for (const { user } of apps) await cast.say(from, { user });
  await cast.after(AT_ONCE_MS + 200);
  yield;
}

/** The commit waits for what happens. */
async function duringACommit<T>(
  cast: Cast,
  happens: () => Promise<T>,
  committing: () => Promise<void>,
): Promise<T> {
  const sql = cast.sql();
  await sql`select pg_advisory_lock(${LOG_LOCK})`;
  const committed = committing();
  await waitUntil(async () => {
    const [row] = await sql`
      select count(*)::int as waiting from pg_locks where locktype = 'advisory' and not granted`;
    return row!.waiting > 0 || undefined;
  }, { what: "the commit to have begun", withinMs: COMMIT_MS });
  const result = await happens();
  await sql`select pg_advisory_unlock(${LOG_LOCK})`;
  await committed;
  return result;
}
