/**
 * What NATS refused to anybody of a system: a permission that is missing, or what somebody tried.
 *
 * Invariant: nothing refused goes unseen, whoever's it was and however it ended: the server's own
 * log tells. Only `deno task check` tries what is refused on purpose, by connections of its own, and
 * those are left out.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { PROBE_NAME } from "../check/nats_permissions.ts";
import type { System } from "./supervised_system.ts";

export async function natsRefusals({ logs }: Pick<System, "logs">): Promise<string[]> {
  const log = await Deno.readTextFile(join(dirname(logs), "nats/nats.log"));
  return refusalsIn(log);
}

/** Pure. */
export function refusalsIn(log: string): string[] {
  const refused = log.split("\n").filter((line) => line.includes("Violation"));
  const checks = new Set(
    refused.filter((line) => line.includes(`"${PROBE_NAME}-`)).map(connectionOf),
  );
  return refused.filter((line) => !checks.has(connectionOf(line)));
}

/** A server that was started again numbers its connections anew. */
function connectionOf(line: string): string {
  const [, server, connection] = /^\[(\d+)\].* (cid:\d+) /.exec(line) ?? [];
  return `${server} ${connection ?? line}`;
}
