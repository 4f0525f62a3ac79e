/**
 * What an origin is given, and what its parts share while it is put together.
 *
 * @module
 */

import type { Log } from "shared/log.ts";
import type { Metrics } from "shared/metrics.ts";
import type { Report } from "shared/report.ts";
import type { Tracing } from "shared/tracing/tracing.ts";
import type { Turns } from "shared/turns.ts";
import type { Every } from "./audit/every.ts";
import type { OriginConfig } from "./config.ts";
import type { OriginEvents } from "./metrics.ts";
import type { Reached } from "./moments.ts";
import type { Operator } from "./operator/operator.ts";
import type { PresenceLookup } from "./presence/lookup.ts";
import type { PresenceReader } from "./presence/store.ts";
import type { Gateways, ReadText } from "./push/config.ts";
import type { PushSettings } from "./push/worker.ts";

export interface OriginDeps {
  log: Log;
  /** Wall clock, ms since 1970. */
  wallMs(): number;
  /** Monotonic. */
  nowMs(): number;
  /** In [0, 1). */
  random(): number;
  readText: ReadText;
  /** Aborted by whoever wants the origin to drain: a signal of the system, or an operator. */
  drain: AbortController;
  /** Instead of the store's answers, for tests of what happens when they are wrong. */
  presence?: PresenceLookup;
  /** Told of each moment at which an origin may die, for tests of what happens when it does. */
  reached?: Reached;
  /** Left out: no message is traced. */
  tracing?: Tracing | undefined;
}

/** What the parts of one origin share. */
export interface Scene extends OriginDeps {
  config: OriginConfig;
  /** Unique to this start. */
  id: string;
  /** Ends the waiting for servers that are not there: to drain, or because another part failed. */
  giveUp: AbortSignal;
  metrics: Metrics;
  events: OriginEvents;
  /** What operators are shown; left out where there are none. */
  operator?: Pick<Operator, "heard">;
  /** What operators are told of this origin, as far as it is known. */
  report?: () => Report | undefined;
  every: Every;
  turns: Turns;
  presenceReader: PresenceReader;
  gateways: Gateways;
  pushSettings: PushSettings;
  /** Ends what was added to it, last first. */
  parts: AsyncDisposableStack;
}
