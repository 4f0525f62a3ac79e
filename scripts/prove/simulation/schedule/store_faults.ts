/**
 * What goes wrong with the stores: Postgres, Redis, and the providers of push.
 *
 * @module
 */

import type { Statement } from "../model/postgres/statement.ts";
import type { StatementFault } from "../model/postgres/server.ts";
import type { ProviderFault } from "../model/push_provider.ts";
import type { Lie, StoreFault } from "../model/redis.ts";
import type { Action } from "./action.ts";

export const STATEMENT_KINDS: readonly Statement["kind"][] = ["append", "read", "audit", "push"];
export const STATEMENT_FAULTS: readonly StatementFault[] = [
  "refused connection",
  "aborted",
  "refused",
  "answer lost",
  "done after all",
  "answer swallowed",
  "slow",
];
export const STORE_FAULT_NAMES: readonly StoreFault[] = ["refused", "answer lost", "slow"];
export const LIES: readonly Lie[] = [
  "down",
  "stale",
  "everybody offline",
  "everybody online",
  "malformed",
];
export const PROVIDER_FAULTS: readonly ProviderFault[] = [
  "down",
  "throttled",
  "token gone",
  "note refused",
  "slow",
];

export const STORE_FAULTS: readonly Action[] = [
  {
    name: "fail an append",
    weight: 8,
    run: ({ random, models }) => models.postgres.order("append", random.pick(STATEMENT_FAULTS)),
  },
  {
    name: "fail a statement",
    weight: 6,
    run: ({ random, models }) =>
      models.postgres.order(random.pick(STATEMENT_KINDS), random.pick(STATEMENT_FAULTS)),
  },
  {
    name: "stop the database",
    weight: 1.5,
    run(world) {
      const { random, models: { postgres } } = world;
      world.note("fault: database down");
      postgres.goAway();
      world.heal(random.between(50, 6_000), () => postgres.comeBack());
    },
  },
  {
    name: "restore the database",
    weight: 0.7,
    run: (world) => world.restore(),
  },
  {
    name: "fail a request to the store",
    weight: 4,
    run: ({ random, models }) => models.redis.order(random.pick(STORE_FAULT_NAMES)),
  },
  {
    name: "let presence lie",
    weight: 4,
    run(world) {
      const { random, models: { redis } } = world;
      const lie = random.pick(LIES);
      world.note(`fault: presence ${lie}`);
      redis.startLying(lie);
      world.heal(random.between(200, 12_000), () => redis.speakTruth());
    },
  },
  {
    name: "wipe the store",
    weight: 1.5,
    run(world) {
      world.note("fault: store wiped");
      world.models.redis.wipe();
    },
  },
  {
    name: "fail a push",
    weight: 3,
    run: ({ random, models }) => models.provider.order(random.pick(PROVIDER_FAULTS)),
  },
  {
    name: "stop a provider",
    weight: 1,
    run(world) {
      const { random, models: { provider } } = world;
      world.note("fault: provider down");
      provider.goDown();
      world.heal(random.between(500, 10_000), () => provider.recover());
    },
  },
  {
    name: "lose the issuer's keys",
    weight: 0.7,
    run(world) {
      const { random } = world;
      const { verifier } = random.pick(world.edges);
      world.note("fault: issuer unreachable");
      verifier.unavailable = true;
      world.heal(random.between(200, 4_000), () => verifier.unavailable = false);
    },
  },
];
