import assert from "node:assert/strict";
import { namesOf, withOwn } from "./own.ts";

const ENVIRONMENTS = {
  edge: { TOKEN_SECRET: "t", NATS_NKEY_SEED: "of all" },
  origin: { API_KEY: "a", NATS_NKEY_SEED: "of origins" },
};
const [ZERO, ONE] = [{ NATS_NKEY_SEED: "of 0" }, { NATS_NKEY_SEED: "of 1" }];
const REPLICAS = { edge: ["edge-0", "edge-1"], origin: ["origin-0"] };

Deno.test("withOwn() tells each replica its own, and none a value for all that nobody would use", () => {
  const { edge, origin, own } = withOwn(ENVIRONMENTS, { "edge-0": ZERO, "edge-1": ONE }, REPLICAS);
  assert.deepEqual(edge, { TOKEN_SECRET: "t" });
  assert.deepEqual(origin, ENVIRONMENTS.origin);
  assert.deepEqual(own, { "edge-0": ZERO, "edge-1": ONE });
});

Deno.test("withOwn() names a replica without settings of its own, and leaves it what is for all", () => {
  const { edge, own } = withOwn(ENVIRONMENTS, { "edge-1": ONE }, REPLICAS);
  assert.deepEqual(edge, ENVIRONMENTS.edge);
  assert.deepEqual(own, { "edge-0": {}, "edge-1": ONE });
});

Deno.test("withOwn() without files of their own leaves everything as it is", () => {
  assert.deepEqual(withOwn(ENVIRONMENTS, {}, REPLICAS), ENVIRONMENTS);
});

Deno.test("replicas that have no names are all told what is for their program", () => {
  const replicas = { ...REPLICAS, edge: [] };
  assert.deepEqual(namesOf("edge", replicas), ["edge"]);
  assert.deepEqual(withOwn(ENVIRONMENTS, { edge: ONE }, replicas), {
    ...ENVIRONMENTS,
    edge: { TOKEN_SECRET: "t", ...ONE },
  });
});
