/**
 * An edge's settings as Deno Deploy can keep them.
 *
 * Invariant: an edge drains in less time than the platform leaves it. What the platform does not take
 * is told before anything is brought there. Pure.
 *
 * @module
 */

import type { Environment } from "shared/config/read.ts";

/** After SIGINT the platform waits for five seconds; the farewell to NATS and Redis is within them. */
export const MOST_DRAIN_MS = 3_000;
const MOST_BYTES = 16 * 1024;
const RESERVED = ["DENO_", "LD_", "OTEL_"];

export function settingsThere(settings: Environment): Record<string, string> {
  const drainMs = Math.min(Number(settings.DRAIN_MS ?? MOST_DRAIN_MS), MOST_DRAIN_MS);
  const set = Object.entries(settings).filter((one): one is [string, string] =>
    one[1] !== undefined
  );
  return { ...Object.fromEntries(set), HOST: "0.0.0.0", DRAIN_MS: `${drainMs}` };
}

export function faultsIn(settings: Environment): string[] {
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  return Object.entries(settings).flatMap(([name, value]) => [
    ...(RESERVED.some((prefix) => name.startsWith(prefix))
      ? [`${name} is a name that the platform keeps for itself`]
      : []),
    ...(bytes(value ?? "") > MOST_BYTES
      ? [`${name} has more than ${MOST_BYTES} bytes, which is all that a setting may have there`]
      : []),
  ]);
}
