/**
 * Making all groups of a running system idle, and telling what woke them.
 *
 * Invariant: nothing here reaches into a program: what an edge listens to is what its metrics say.
 *
 * @module
 */

import { waitUntil } from "../services/wait_until.ts";
import { readMetric } from "./metrics.ts";
import { name, type TestSystem } from "./system.ts";

/** For systems whose groups are to become idle while a test waits. */
export const ARCHIVE_SOON = { ARCHIVE_AFTER_MS: "800" };

const IDLE_MS = 20_000;

/** Somebody else writes, so that time is seen to pass, until no edge listens to any group. */
export async function untilAllIdle(test: TestSystem): Promise<void> {
  const user = name("bystander");
  await using bystander = await test.device(user);
  await waitUntil(async () => {
    await bystander.send(user, name("m"));
    const heard = await ofEachEdge(test, "fanfare_edge_subscriptions", { kind: "group" });
    return heard.every((groups) => groups === 0) || undefined;
  }, { what: "every group to be idle", withinMs: IDLE_MS, everyMs: 100 });
}

/** How often something woke a group, so far, on each edge. */
export function wakes(test: TestSystem, by?: "copy" | "digest" | "entered"): Promise<number[]> {
  return ofEachEdge(test, "fanfare_edge_wakes_total", by && { by });
}

/** How many events something else than the bus brought, so far, on each edge. */
export function mended(test: TestSystem): Promise<number[]> {
  return ofEachEdge(test, "fanfare_edge_healed_total");
}

function ofEachEdge(
  test: TestSystem,
  metric: string,
  labels?: Readonly<Record<string, string>>,
): Promise<number[]> {
  const { edges } = test.system.state;
  return Promise.all(edges.map(({ internal }) => readMetric(internal, metric, labels)));
}
