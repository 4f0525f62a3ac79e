/**
 * Replacing the replicas of a program, one after the other over all hosts.
 *
 * Invariant: an instance drains and ends before the one that takes its place is started, and the
 * next is touched only when that is ready and the judge is content. One that is not is stopped: it
 * gets no users. Those that run the release already are looked at, and left alone.
 *
 * @module
 */

import { ANSWER_MS } from "../../../dev/program.ts";
import type { ReleaseId } from "../../release.ts";
import type { Judge, Replica } from "../../target.ts";
import { socketAt } from "../socket.ts";
import type { Host } from "./host.ts";
import { templateOf } from "./layout.ts";
import type { Place } from "./places.ts";

export interface Rolled {
  host: Host;
  place: Place;
}

export interface Waiting {
  /** How long a replica may take to be ready. */
  readyMs: number;
  everyMs: number;
  pause(ms: number): Promise<void>;
  elapsedMs(): number;
}

/** @throws {Error} That says which replica and why, with its last words. */
export async function rollOne(
  { host, place }: Rolled,
  release: ReleaseId,
  judge: Judge,
  waiting: Waiting,
): Promise<void> {
  const { service, instance, kind } = place;
  const { current } = await host.find();
  const { active, restarts } = await host.stateOf(service);
  const runs = current.get(instance) === release && active === "active";
  try {
    if (!runs) {
      await host.stop(service);
      await host.switchTo(release, instance, `${templateOf(kind)}.service`);
      await host.start(service);
    }
    await untilReady(host, place, { ...waiting, restarts: runs ? restarts : 0 });
    await judgeOne(host, place, release, judge);
  } catch (error) {
    await host.stop(service);
    throw error;
  }
}

async function judgeOne(
  host: Host,
  place: Place,
  release: ReleaseId,
  judge: Judge,
): Promise<void> {
  const replica: Replica = { id: place.id, kind: place.kind, release };
  if (place.kind === "origin") return await judge(replica);
  await using reached = await host.reach(place.port);
  await judge(replica, { id: place.id, socket: socketAt(reached.port) });
}

/** `restarts`: those before it was waited for. */
async function untilReady(
  host: Host,
  place: Place,
  waiting: Waiting & { restarts: number },
): Promise<void> {
  await using reached = await host.reach(place.internalPort);
  const until = waiting.elapsedMs() + waiting.readyMs;
  for (;;) {
    const why = await whyNotReady(reached.port);
    if (why === undefined) return;
    const { active, restarts } = await host.stateOf(place.service);
    const ended = active === "failed" || active === "inactive" || restarts > waiting.restarts;
    if (ended || waiting.elapsedMs() > until) {
      const what = ended ? "it ended" : `it is not ready: ${why}`;
      const words = await host.lastWords(place.service);
      throw new Error(`Cannot start ${place.id} on ${host.name}: ${what}\n${words}`);
    }
    await waiting.pause(waiting.everyMs);
  }
}

interface Readiness {
  ready: boolean;
  checks: { name: string; ok: boolean; fault?: string }[];
}

/** In words; `undefined` when it is ready. */
async function whyNotReady(internalPort: number): Promise<string | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${internalPort}/ready`, {
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const { ready, checks } = await response.json() as Readiness;
    if (ready) return undefined;
    const faults = checks.filter(({ ok }) => !ok).map(({ name, fault }) => `${name}: ${fault}`);
    return faults.join(", ") || "it drains";
  } catch (error) {
    // Nothing listens there yet, the forward found nobody at its end, or what is there stands still.
    const isSilent = error instanceof TypeError || error instanceof SyntaxError ||
      (error as Error).name === "TimeoutError";
    if (isSilent) return "it does not answer";
    throw error;
  }
}
