/**
 * A light run of the simulation: `SEEDS=5000 deno test -P scripts/prove/simulation` makes it heavier,
 * `SEED=7` runs one.
 *
 * @module
 */

import assert from "node:assert/strict";
import { explain, linesOf } from "./explain.ts";
import { inOwnTurn } from "./model/microtasks.ts";
import { StatementFinder } from "./model/postgres/query.ts";
import { run } from "./run.ts";

const finder = new StatementFinder();
const simulate = (seed: number) => inOwnTurn(() => run(seed, { finder }));

Deno.test("no simulated world breaks a promise, whatever its programs, stores and clients do", async () => {
  const only = Number(Deno.env.get("SEED") ?? 0);
  const last = only || Number(Deno.env.get("SEEDS") ?? 200);
  let faults = 0, steps = 0, seeds = 0;
  for (let seed = only || 1; seed <= last; seed++, seeds++) {
    const result = await simulate(seed);
    faults += result.faults;
    steps += result.steps;
    if (result.violation === undefined) continue;
    const explanation = await explain(seed);
    assert.fail(explanation ? linesOf(seed, explanation).join("\n") : result.violation);
  }
  assert.ok(steps / seeds >= 200, `only ${steps / seeds} steps a seed`);
  assert.ok(only || faults / seeds >= 3, `only ${faults / seeds} faults a seed`);
});

Deno.test("two runs of a seed are the same run, and two seeds are not", async () => {
  const hashes = new Set<string>();
  for (const seed of [1, 2, 3, 4, 5]) {
    const { hash, counts } = await simulate(seed);
    const again = await simulate(seed);
    assert.equal(again.hash, hash);
    assert.deepEqual([...again.counts], [...counts]);
    hashes.add(hash);
  }
  assert.equal(hashes.size, 5);
});
