/**
 * The Global Sequence ID: the place of an event in the one order of everything committed.
 *
 * Invariant: GSID order is commit order is visibility order. The database issues them (see
 * `origin/store/migrations`); this module only reads the time and the shard out of one.
 *
 * @module
 */

/**
 * A 53-bit integer: `(milliseconds since 2025-01-01 UTC) × 4096 + n`. `n` steps by 16; its low
 * four bits are the shard of the database that issued it. 0 stands before every event.
 */
export type Gsid = number;

/** 2025-01-01T00:00:00Z in milliseconds since 1970. */
export const GSID_EPOCH_MS = 1_735_689_600_000;
export const GSID_PER_MS = 4096;
/** The distance of two neighbours of one shard. */
export const GSID_STEP = 16;

export function isGsid(value: unknown): value is Gsid {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The commit time that a GSID carries, in milliseconds since 1970. */
export function timeOfGsid(gsid: Gsid): number {
  return GSID_EPOCH_MS + Math.floor(gsid / GSID_PER_MS);
}

/** ISO 8601, UTC, with milliseconds: what an event shows as `at`. */
export function atOfGsid(gsid: Gsid): string {
  return new Date(timeOfGsid(gsid)).toISOString();
}

/** The lowest GSID that an event committed at `ms` (since 1970) may have. */
export function gsidAt(ms: number): Gsid {
  return Math.max(0, (ms - GSID_EPOCH_MS) * GSID_PER_MS);
}

/**
 * Whether a group whose last event is `last` counts as idle at `now`. Both are gsids, so no clock
 * is asked. An edge asks at what it has proven, and lets an idle group go. The database asks the
 * same at each new event (`woke`, in `origin/store/migrations`), which lies above whatever was
 * proven: so the event wakes all that any edge let go.
 */
export function isIdle(last: Gsid, now: Gsid, archiveAfterMs: number): boolean {
  return now - last > archiveAfterMs * GSID_PER_MS;
}

export function shardOfGsid(gsid: Gsid): number {
  return gsid % GSID_STEP;
}
