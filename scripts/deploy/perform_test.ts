import assert from "node:assert/strict";
import { type PerformOptions, performSteps } from "./perform.ts";
import type { Step, StepName } from "./plan.ts";

const step = (name: StepName): Step => ({ name, where: "", changes: "", undo: "" });

/** Performs stage, migrate and streams, and writes down what happens. */
async function perform(change: Partial<PerformOptions["work"]>, signal?: AbortSignal) {
  const seen: string[] = [];
  const work = new Proxy(change, {
    get: (own, name: StepName) => () => {
      seen.push(`does ${name}`);
      return own[name]?.() ?? Promise.resolve(`${name} was well`);
    },
  });
  const steps = (["stage", "migrate", "streams"] as const).map(step);
  const performed = await performSteps(steps, {
    work: work as PerformOptions["work"],
    begin: (name) => seen.push(`begins ${name}`),
    end: ({ name, says }) => seen.push(`ends ${name}: ${says}`),
    fail: ({ name, why }) => seen.push(`fails ${name}: ${why}`),
    elapsedMs: () => 0,
    signal: signal ?? new AbortController().signal,
  });
  return { performed, seen };
}

Deno.test("performSteps() performs one step after the other, and tells what came of each", async () => {
  const { performed, seen } = await perform({});
  assert.deepEqual(seen.slice(0, 4), [
    ...["begins stage", "does stage", "ends stage: stage was well", "begins migrate"],
  ]);
  assert.deepEqual(performed.done.map(({ name }) => name), ["stage", "migrate", "streams"]);
  assert.equal(performed.failed, undefined);
});

Deno.test("performSteps() begins nothing after a step that failed", async () => {
  const { performed, seen } = await perform({ migrate: () => Promise.reject(new Error("No")) });
  assert.deepEqual(seen.slice(-3), ["begins migrate", "does migrate", "fails migrate: No"]);
  assert.deepEqual(performed.failed, { name: "migrate", why: "No", ms: 0 });
});

Deno.test("performSteps() ends the step that it is at when it is interrupted, and begins no other", async () => {
  const interrupted = new AbortController();
  const { performed, seen } = await perform({
    stage: () => {
      interrupted.abort(new Error("it was interrupted"));
      return Promise.resolve("done");
    },
  }, interrupted.signal);
  assert.deepEqual(seen, [
    ...["begins stage", "does stage", "ends stage: done"],
    ...["begins migrate", "fails migrate: it was interrupted"],
  ]);
  assert.equal(performed.failed!.name, "migrate");
});
