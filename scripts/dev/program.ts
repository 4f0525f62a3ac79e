/**
 * How one edge or origin is started: by its own command, with the settings it reads.
 *
 * Invariant: it is started as in production. An edge is never told where the database is.
 *
 * @module
 */

import { join } from "node:path";
import type { CheckReport } from "shared/http/internal.ts";
import { howItEnded, startProcess } from "../services/process.ts";
import { waitUntil } from "../services/wait_until.ts";
import {
  narrowNetwork,
  networkOf,
  type ProgramKind,
  startCommand,
  type Tasks,
} from "./start_command.ts";
import type { Running, Supervised } from "./supervised.ts";

/** Where one edge or origin listens, for as long as its system runs. */
export interface ProgramPlace {
  id: string;
  kind: ProgramKind;
  /** Of clients, or of the server API. */
  port: number;
  internalPort: number;
}

/** What is started instead of a program of this checkout. */
export type Build = TestBuild | OtherRelease;

/** One built to be tested. */
export interface TestBuild {
  /** From the checkout. */
  main: string;
  args: readonly string[];
  /** Files that it reads besides. */
  reads: readonly string[];
}

/** The program of another release, as that one starts it. */
export interface OtherRelease {
  /** Where its files are, with its packages. */
  files: string;
  /** Of its `deno.json`. */
  tasks: Tasks;
}

const CHECKOUT = join(import.meta.dirname!, "../..");
const STOP_MS = 15_000;
const READY_MS = 30_000;
/** How long `/ready` may take: a program that stands still takes a connection, and answers nothing. */
export const ANSWER_MS = 5_000;

export function startProgram(
  place: ProgramPlace,
  { env, logs, build }: { env: Record<string, string>; logs: string; build?: Build | undefined },
): Running {
  const settings = { ...env, ...placeSettings(place) };
  const { command, args, cwd } = commandOf(place.kind, build);
  return startProcess(command, {
    name: place.id,
    args: narrowNetwork(args, networkOf(place.kind, { ...Deno.env.toObject(), ...settings })),
    cwd,
    env: settings,
    logFile: join(logs, `${place.id}.log`),
    stopMs: STOP_MS,
  });
}

function commandOf(kind: ProgramKind, build: Build | undefined) {
  if (build && "tasks" in build) {
    const [command, ...args] = startCommand(kind, build.tasks);
    return { command, args, cwd: build.files };
  }
  const [command, ...args] = startCommand(kind);
  return { command, args: build ? replaceMain(args, build) : args, cwd: CHECKOUT };
}

/** The same permissions, and those few more. */
function replaceMain(args: readonly string[], { main, args: own, reads }: TestBuild): string[] {
  const allowed = args.map((arg) =>
    arg.startsWith("--allow-read=") ? [arg, ...reads].join(",") : arg
  );
  return [...allowed.slice(0, -1), main, ...own];
}

/** @throws {Error} With its last words, when it ended, and how, or is not ready in time. */
export async function untilReady(
  place: Pick<ProgramPlace, "id" | "internalPort">,
  program: Pick<Supervised, "isRunning" | "status" | "lastWords">,
  withinMs = READY_MS,
): Promise<void> {
  let fault: string | undefined;
  try {
    await waitUntil(async () => {
      if (!program.isRunning) throw new Error(howItEnded(await program.status));
      fault = await faultOf(place);
      return fault === undefined || undefined;
    }, { what: "it to be ready", withinMs, everyMs: 20 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const why = program.isRunning && fault !== undefined ? ` (${fault})` : "";
    throw new Error(`Cannot start ${place.id}: ${reason}${why}\n${program.lastWords()}`, {
      cause: error,
    });
  }
}

/** Why it is not ready, in its own words; `undefined`: it is. */
export async function faultOf(
  { internalPort }: Pick<ProgramPlace, "internalPort">,
): Promise<string | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${internalPort}/ready`, {
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const { ready, draining, checks }: Readiness = await response.json();
    if (ready) return;
    if (draining) return "it drains";
    return checks.flatMap(({ name, ok, fault }) => ok ? [] : [`${name}: ${fault}`]).join(", ");
  } catch (error) {
    // Refused: it does not listen yet.
    if (error instanceof TypeError) return "it does not listen";
    if ((error as Error).name === "TimeoutError") return "it does not answer";
    throw error;
  }
}

/** What `/ready` answers. */
interface Readiness {
  ready: boolean;
  draining: boolean;
  checks: CheckReport[];
}

/** The settings that say where it listens. */
export function placeSettings(place: ProgramPlace): Record<string, string> {
  return {
    [place.kind === "edge" ? "EDGE_NAME" : "ORIGIN_NAME"]: place.id,
    HOST: "127.0.0.1",
    PORT: String(place.port),
    INTERNAL_PORT: String(place.internalPort),
  };
}
