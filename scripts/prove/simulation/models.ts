/**
 * What the programs of a simulated world stand on: everything that is not ours.
 *
 * @module
 */

import type { Broker } from "./model/broker.ts";
import type { Chronicle } from "./model/chronicle.ts";
import type { Postgres } from "./model/postgres/server.ts";
import type { PushProvider } from "./model/push_provider.ts";
import type { Random } from "./model/random.ts";
import type { Redis } from "./model/redis.ts";
import type { Timeline } from "./model/timeline.ts";

export interface Models {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly chronicle: Chronicle;
  readonly broker: Broker;
  readonly postgres: Postgres;
  readonly redis: Redis;
  readonly provider: PushProvider;
  /** Something of ours threw where it must not. */
  onFault(error: unknown): void;
}
