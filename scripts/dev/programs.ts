/**
 * The edges and origins of a system, each supervised.
 *
 * Invariant: edges end before the origins that answer them. Knows nothing of the services but the
 * settings by which a program finds them.
 *
 * @module
 */

import { isPortFree } from "../services/claimed_ports.ts";
import { waitUntil } from "../services/wait_until.ts";
import { type Build, type ProgramPlace, startProgram, untilReady } from "./program.ts";
import { type Report, reported } from "./progress.ts";
import type { ProgramKind } from "./start_command.ts";
import { Supervised } from "./supervised.ts";

export interface ProgramsOptions {
  places: readonly ProgramPlace[];
  settingsOf: (place: ProgramPlace) => Record<string, string>;
  buildOf: (place: ProgramPlace) => Build | undefined;
  logs: string;
  restart: boolean;
  onRestart: (id: string) => void;
  report: Report;
}

export interface Programs extends AsyncDisposable {
  readonly places: readonly ProgramPlace[];
  readonly parts: ReadonlyMap<string, Supervised>;
}

/** The edges of a system that was killed may take a moment to leave their ports. */
const LEAVE_MS = 3_000;

/** How many ports `planPlaces` may need. */
export function portsOfPlaces({ edges, origins }: { edges: number; origins: number }): number {
  return 2 * (edges + origins);
}

/** `edge-0` on `port`, `edge-1` on `port` + 1 and so on; all else on the claimed ports. */
export function planPlaces(
  { edges, origins, port }: { edges: number; origins: number; port: number },
  claimed: readonly number[],
): ProgramPlace[] {
  const free = [...claimed];
  const place = (kind: ProgramKind, index: number, at: number): ProgramPlace => ({
    id: `${kind}-${index}`,
    kind,
    port: at,
    internalPort: free.pop()!,
  });
  return [
    ...Array.from({ length: origins }, (_, k) => place("origin", k, free.pop()!)),
    ...Array.from(
      { length: edges },
      (_, k) => place("edge", k, port === 0 ? free.pop()! : port + k),
    ),
  ];
}

/** @throws {Error} That names the option by which another port is chosen. */
export async function assertPortsFree(places: readonly ProgramPlace[]): Promise<void> {
  for (const { id, port } of places) {
    const free = waitUntil(() => isPortFree(port) || undefined, {
      what: `port ${port}`,
      withinMs: LEAVE_MS,
      everyMs: 100,
    });
    await free.catch((cause) => {
      const help = "choose others with --port N, or --port 0 for any that are free";
      throw new Error(`Cannot start ${id}: port ${port} is taken; ${help}`, { cause });
    });
  }
}

/** Starts all of them and waits until each is ready. */
export async function startPrograms(options: ProgramsOptions): Promise<Programs> {
  const { places, settingsOf, buildOf, logs, restart, onRestart, report } = options;
  const parts = new Map<string, Supervised>();
  const stop = async () => {
    for (const kind of ["edge", "origin"] as const) {
      const ending = places.filter((place) => place.kind === kind);
      await Promise.all(ending.map(({ id }) => parts.get(id)?.stop()));
    }
  };
  const start = async (place: ProgramPlace) => {
    const program = await Supervised.start({
      id: place.id,
      start: () => {
        const [env, build] = [settingsOf(place), buildOf(place)];
        return Promise.resolve(startProgram(place, { env, logs, build }));
      },
      restart,
      onRestart,
    });
    parts.set(place.id, program);
    await untilReady(place, program);
  };
  try {
    await Promise.all(places.map((place) => reported(place.id, report, () => start(place))));
  } catch (error) {
    await stop();
    throw error;
  }
  return { places, parts, [Symbol.asyncDispose]: stop };
}
