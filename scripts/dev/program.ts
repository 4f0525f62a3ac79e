/**
 * How one edge or origin is started: by its own command, with the settings it reads.
 *
 * Invariant: the command is the one of `deno.json`, permissions included, so that what runs here
 * is what runs in production. An edge is never told where the database is.
 *
 * @module
 */

import { join } from "node:path";
import { readEdgeConfig } from "edge/config.ts";
import { networkOf as edgeNetworkOf } from "edge/network.ts";
import { readOriginConfig } from "origin/config.ts";
import { networkOf as originNetworkOf } from "origin/network.ts";
import denoJson from "../../deno.json" with { type: "json" };
import { startProcess } from "../services/process.ts";
import { waitUntil } from "../services/wait_until.ts";
import type { Running, Supervised } from "./supervised.ts";

export type ProgramKind = "edge" | "origin";

/** Where one edge or origin listens, for as long as its system runs. */
export interface ProgramPlace {
  id: string;
  kind: ProgramKind;
  /** Of clients, or of the server API. */
  port: number;
  internalPort: number;
}

/** What is started instead of a program as it is delivered: one built to be tested. */
export interface Build {
  /** From the checkout. */
  main: string;
  args: readonly string[];
  /** Files that it reads besides. */
  reads: readonly string[];
}

const CHECKOUT = join(import.meta.dirname!, "../..");
const STOP_MS = 15_000;
const READY_MS = 30_000;

type Tasks = Partial<Record<string, { command: string }>>;

export function startProgram(
  place: ProgramPlace,
  { env, logs, build }: { env: Record<string, string>; logs: string; build?: Build | undefined },
): Running {
  const settings = { ...env, ...placeSettings(place) };
  const [command, ...task] = startCommand(place.kind);
  const args = build ? replaceMain(task, build) : task;
  return startProcess(command, {
    name: place.id,
    args: narrowNetwork(args, networkOf(place.kind, { ...Deno.env.toObject(), ...settings })),
    cwd: CHECKOUT,
    env: settings,
    logFile: join(logs, `${place.id}.log`),
    stopMs: STOP_MS,
  });
}

/** To the addresses that the settings name: an edge, for one, cannot reach the database. */
export function narrowNetwork(args: readonly string[], addresses: readonly string[]): string[] {
  return args.map((arg) => arg === "--allow-net" ? `--allow-net=${addresses.join(",")}` : arg);
}

function networkOf(kind: ProgramKind, settings: Record<string, string>): string[] {
  return kind === "edge"
    ? edgeNetworkOf(readEdgeConfig(settings))
    : originNetworkOf(readOriginConfig(settings, Deno.readTextFileSync));
}

/** The same permissions, and those few more. */
function replaceMain(args: readonly string[], { main, args: own, reads }: Build): string[] {
  const allowed = args.map((arg) =>
    arg.startsWith("--allow-read=") ? [arg, ...reads].join(",") : arg
  );
  return [...allowed.slice(0, -1), main, ...own];
}

/** The task's own words, run by this very Deno: a task runner in between would hide the pid. */
export function startCommand(kind: ProgramKind): [string, ...string[]] {
  const task = (denoJson.tasks as Tasks)[kind];
  if (!task) throw new Error(`Cannot start ${kind}: deno.json has no such task`);
  const [deno, ...args] = task.command.split(" ");
  if (deno !== "deno") throw new Error(`Cannot start ${kind}: its task does not begin with deno`);
  return [Deno.execPath(), ...args];
}

/** @throws {Error} With its last words, when it ended or is not ready in time. */
export async function untilReady(place: ProgramPlace, program: Supervised): Promise<void> {
  try {
    await waitUntil(async () => {
      if (!program.isRunning) throw new Error("it ended");
      return await isReady(place) || undefined;
    }, { what: "it to be ready", withinMs: READY_MS, everyMs: 20 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot start ${place.id}: ${reason}\n${program.lastWords()}`, {
      cause: error,
    });
  }
}

async function isReady(place: ProgramPlace): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${place.internalPort}/ready`);
    await response.body?.cancel();
    return response.ok;
  } catch (error) {
    // Refused: it does not listen yet.
    if (error instanceof TypeError) return false;
    throw error;
  }
}

function placeSettings(place: ProgramPlace): Record<string, string> {
  return {
    [place.kind === "edge" ? "EDGE_NAME" : "ORIGIN_NAME"]: place.id,
    HOST: "127.0.0.1",
    PORT: String(place.port),
    INTERNAL_PORT: String(place.internalPort),
  };
}
