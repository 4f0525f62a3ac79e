/**
 * From a run that failed, the shortest schedule that fails the same way.
 *
 * Invariant: of what it gives, no single choice can be left out, nor the wait before one, without
 * the failure going away. Knows nothing of worlds: whether a schedule fails is handed in.
 *
 * @module
 */

import type { Choice } from "./schedule/choice.ts";

export type Fails = (schedule: readonly Choice[]) => boolean;

/** `schedule` must fail. Takes away halves, then quarters, and so on, until single choices stay. */
export function shrink(schedule: readonly Choice[], fails: Fails): readonly Choice[] {
  const shorter = withoutWaits(withoutChoices(schedule, fails), fails);
  // Without a wait, perhaps, what was needed to bridge it is not.
  return withoutChoices(shorter, fails);
}

function withoutChoices(schedule: readonly Choice[], fails: Fails): readonly Choice[] {
  let kept = schedule;
  for (let size = Math.ceil(kept.length / 2); size >= 1;) {
    const before = kept.length;
    for (let at = 0; at < kept.length;) {
      const rest = without(kept, at, size);
      if (fails(rest)) kept = rest;
      else at += size;
    }
    // Single choices are tried until none of them can go.
    if (size > 1) size = Math.ceil(size / 2);
    else if (kept.length === before) break;
  }
  return kept;
}

/** The time before what is taken away still passes, so that all the others keep their moment. */
function without(schedule: readonly Choice[], at: number, size: number): readonly Choice[] {
  const gone = schedule.slice(at, at + size);
  const next = schedule[at + size];
  if (!next) return schedule.slice(0, at);
  const waitMs = gone.reduce((sum, choice) => sum + choice.waitMs, next.waitMs);
  return [...schedule.slice(0, at), { ...next, waitMs }, ...schedule.slice(at + size + 1)];
}

function withoutWaits(schedule: readonly Choice[], fails: Fails): readonly Choice[] {
  let kept = schedule;
  for (let at = 0; at < kept.length; at++) {
    const sooner = kept.with(at, { ...kept[at]!, waitMs: 0 });
    if (kept[at]!.waitMs > 0 && fails(sooner)) kept = sooner;
  }
  return kept;
}
