/**
 * Waiting for a result, but not for ever.
 *
 * @module
 */

import type { Turns } from "shared/turns.ts";

/** @throws {Error} When `result` rejects, or has not come after `ms`; `verb` says what it was for. */
export async function within<Result>(
  ms: number,
  result: Promise<Result>,
  verb: string,
  turns: Pick<Turns, "later">,
): Promise<Result> {
  let cancel = () => {};
  const late = new Promise<never>((_, reject) => {
    cancel = turns.later(() => reject(new Error(`Cannot ${verb}: no answer for ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([result, late]);
  } finally {
    cancel();
  }
}
