/**
 * By which command an edge or origin is started: its own task, with its network narrowed.
 *
 * Invariant: the command is the one of a `deno.json`, permissions included, so that what runs here is
 * what runs in production; it reaches no more addresses than its settings name.
 *
 * @module
 */

import { readEdgeConfig } from "edge/config.ts";
import { networkOf as edgeNetworkOf } from "edge/network.ts";
import { readOriginConfig } from "origin/config.ts";
import { networkOf as originNetworkOf } from "origin/network.ts";
import type { Environment } from "shared/config/read.ts";
import denoJson from "../../deno.json" with { type: "json" };

export type ProgramKind = "edge" | "origin";

export type Tasks = Partial<Record<string, { command: string }>>;

/**
 * The task's own words, run by this very Deno: a task runner in between would hide the pid. `tasks`:
 * of another release than this checkout.
 */
export function startCommand(
  kind: ProgramKind,
  tasks: Tasks = denoJson.tasks,
): [string, ...string[]] {
  const task = tasks[kind];
  if (!task) throw new Error(`Cannot start ${kind}: deno.json has no such task`);
  const [deno, ...args] = task.command.split(" ");
  if (deno !== "deno") throw new Error(`Cannot start ${kind}: its task does not begin with deno`);
  return [Deno.execPath(), ...args];
}

/** To the addresses that the settings name: an edge, for one, cannot reach the database. */
export function narrowNetwork(args: readonly string[], addresses: readonly string[]): string[] {
  return args.map((arg) => arg === "--allow-net" ? `--allow-net=${addresses.join(",")}` : arg);
}

export function networkOf(kind: ProgramKind, settings: Environment): string[] {
  return kind === "edge"
    ? edgeNetworkOf(readEdgeConfig(settings))
    : originNetworkOf(readOriginConfig(settings, Deno.readTextFileSync));
}
