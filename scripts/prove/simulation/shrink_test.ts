import assert from "node:assert/strict";
import fc from "fast-check";
import type { Choice } from "./schedule/choice.ts";
import { shrink } from "./shrink.ts";

const choices = (count: number): Choice[] =>
  Array.from({ length: count }, (_, at) => ({ waitMs: at, action: String(at), seed: at }));

const names = (schedule: readonly Choice[]) => schedule.map(({ action }) => action);

Deno.test("shrink() keeps what a failure needs, and nothing else", () => {
  const needed = fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { maxLength: 6 });
  fc.assert(fc.property(needed, (needed) => {
    const wanted = needed.sort((a, b) => a - b).map(String);
    const fails = (schedule: readonly Choice[]) =>
      wanted.every((name) => names(schedule).includes(name));
    assert.deepEqual(names(shrink(choices(100), fails)), wanted);
  }));
});

Deno.test("shrink() lets the others keep their moment, and then takes needless waits away", () => {
  const at = (schedule: readonly Choice[], name: string) => {
    const place = schedule.findIndex(({ action }) => action === name);
    return schedule.slice(0, place + 1).reduce((sum, { waitMs }) => sum + waitMs, 0);
  };
  // It fails only when the 9th choice comes as late as it did at first: 0 + 1 + … + 9 ms.
  const fails = (schedule: readonly Choice[]) =>
    names(schedule).includes("9") && at(schedule, "9") >= 45;
  assert.deepEqual(shrink(choices(20), fails), [{ waitMs: 45, action: "9", seed: 9 }]);
  const whenever = (schedule: readonly Choice[]) => names(schedule).includes("9");
  assert.deepEqual(shrink(choices(20), whenever), [{ waitMs: 0, action: "9", seed: 9 }]);
});
