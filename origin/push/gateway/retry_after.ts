/**
 * The `Retry-After` header of HTTP: seconds, or a date.
 *
 * Invariant: a provider can ask for at most an hour, so that no answer parks a push until it
 * expires.
 *
 * @module
 */

const MAX_RETRY_AFTER_MS = 3_600_000;

/** How long to wait from `nowMs` (since 1970); `undefined` when the header says nothing usable. */
export function readRetryAfter(
  header: string | null | undefined,
  nowMs: number,
): number | undefined {
  if (!header) return;
  const waitMs = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  if (Number.isNaN(waitMs)) return;
  return Math.min(Math.max(0, waitMs), MAX_RETRY_AFTER_MS);
}
