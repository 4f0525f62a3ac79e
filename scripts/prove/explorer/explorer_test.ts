/**
 * The smallest worlds, and every broken rule that is found in a moment. `deno task prove --part
 * explorer` looks at more of them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { randomFrom } from "testing/random.ts";
import { CONFIGURATIONS } from "./all.ts";
import { type Configuration, inLane } from "./configurations.ts";
import { run, sentenceOf } from "./run.ts";

const MAX_STATES = 1_000_000;

async function explore(configuration: Configuration) {
  const random = randomFrom(1);
  const outcome = await run(configuration, { maxStates: MAX_STATES, random, nowMs: () => 0 });
  const trace = outcome.found?.trace.join("\n") ?? "";
  assert.equal(outcome.problem, undefined, `${sentenceOf(outcome)}\n${trace}`);
  return outcome;
}

const light = inLane(CONFIGURATIONS, "light");

for (const configuration of light.filter(({ finds }) => finds === undefined)) {
  Deno.test(`nothing goes wrong in any state of the world "${configuration.name}"`, async () => {
    const { complete, states } = await explore(configuration);
    assert.ok(complete);
    assert.ok(states > 10, `only ${states} states were seen`);
  });
}

for (const configuration of light.filter(({ finds }) => finds !== undefined)) {
  Deno.test(`the explorer finds what is ${configuration.name}`, async () => {
    const { found } = await explore(configuration);
    assert.ok(found!.trace.length > 0);
  });
}

Deno.test("each configuration has a name of its own", () => {
  const names = CONFIGURATIONS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});
