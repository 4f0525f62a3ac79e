/**
 * What runs beside what: most parts wait for something most of the time.
 *
 * Invariant: runs begin in their order, at most `atOnce` of them are under way, and one of a part that
 * must be alone has nothing beside it. Knows nothing of how a part is run.
 *
 * @module
 */

import type { Part } from "./part.ts";

export interface Due {
  part: Part;
  seed: number;
}

/** Each part once with the first seed, then each with the next. */
export function dueRuns(parts: readonly Part[], times: number, seed: number): Due[] {
  return Array.from({ length: times }, (_, k) => parts.map((part) => ({ part, seed: seed + k })))
    .flat();
}

/** So that little time is left over at the end: what must be alone, and then the longest first. */
export function packed(parts: readonly Part[]): Part[] {
  const rank = ({ alone, minutes }: Part) => alone ? Infinity : minutes;
  return parts.toSorted((one, other) => rank(other) === rank(one) ? 0 : rank(other) - rank(one));
}

export type Verdict = "passed" | "failed" | "again";

/**
 * Runs all, and once more what asks for it: at the end, with nothing beside it. Gives what failed. A
 * run that is the only one has had nothing beside it, and is not tried again.
 */
export async function runAndJudge(
  due: readonly Due[],
  atOnce: number,
  run: (one: Due, isLastTry: boolean) => Promise<Verdict>,
): Promise<Due[]> {
  const failed: Due[] = [], again: Due[] = [];
  await runLane(due, atOnce, async (one) => {
    const verdict = await run(one, due.length === 1);
    if (verdict !== "passed") (verdict === "again" ? again : failed).push(one);
  });
  await runLane(again, 1, async (one) => {
    if (await run(one, true) !== "passed") failed.push(one);
  });
  return failed;
}

/** Resolves when all have ended. The first that throws lets no other begin, and is thrown on. */
export async function runLane(
  due: readonly Due[],
  atOnce: number,
  run: (one: Due) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  try {
    for (const one of due) {
      const most = one.part.alone ? 1 : atOnce;
      while (underWay.size >= most) await Promise.race(underWay);
      const running = run(one).finally(() => underWay.delete(running));
      underWay.add(running);
      if (one.part.alone) await running;
    }
    await Promise.all(underWay);
  } finally {
    await Promise.allSettled(underWay);
  }
}
