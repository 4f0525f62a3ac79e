/**
 * Plays a scene, and judges the histories of those who play in it.
 *
 * Invariant: what is only owed (a delivery, a push) counts as missing at the end alone, once nothing
 * has come for a while; everything else ends the scene as soon as it is seen.
 *
 * @module
 */

import { randomFrom } from "testing/random.ts";
import { pause } from "../../../services/wait_until.ts";
import { check } from "../../history/check.ts";
import { readTruth } from "../../history/read_truth.ts";
import type { Entry } from "../../history/entry.ts";
import type { Anomaly } from "../../part.ts";
import type { App } from "../../load/app.ts";
import { Cast } from "./cast.ts";
import type { Scene } from "./scene.ts";

const OWED = new Set(["undelivered", "unpushed", "unanswered"]);
/** Longer than from one digest to the next but one, and than a round of the late check. */
const QUIET_MS = 6_000;
/** On a slow machine much is still on its way when a play ends. */
const OWED_MS = 60_000;
/** A play that a bug holds up is judged as far as it has come. */
const PLAY_MS = 25_000;

export async function judgeScene(scene: Scene, seed: number): Promise<Anomaly[]> {
  await using cast = await Cast.start(scene, randomFrom(seed));
  for await (const _ of inTime(scene.play(cast), PLAY_MS)) {
    const anomalies = (await look(scene, cast)).filter(({ name }) => !OWED.has(name));
    if (anomalies.length > 0) return anomalies;
  }
  const endMs = performance.now() + OWED_MS;
  for (let come = 0, quietMs = 0;;) {
    const anomalies = await look(scene, cast);
    const isOwed = anomalies.every(({ name }) => OWED.has(name));
    const nowMs = performance.now(), now = arrivalsAt(cast);
    if (now > come) [come, quietMs] = [now, nowMs + QUIET_MS];
    const isOver = nowMs > Math.min(quietMs, endMs);
    if (!isOwed || anomalies.length === 0 || isOver) return anomalies;
    await pause(200);
  }
}

/** How much has come to anybody: events, and answers to what was sent. */
function arrivalsAt({ apps }: Cast): number {
  const isArrival = ({ kind }: Entry) => kind === "event" || kind === "ok";
  return apps.reduce((sum, { history }) => sum + history.entries.filter(isArrival).length, 0);
}

async function look(scene: Scene, { apps, recorder, system }: Cast): Promise<Anomaly[]> {
  const live = new Set(apps.filter((app) => isOwed(app, apps)).map(({ history }) => history));
  const truth = await readTruth(system.state);
  return check(recorder.history, truth, { ...scene.expect, live }).anomalies;
}

/** Of the connections of one device, one must stand as long as its app wants to be connected. */
function isOwed(app: App, apps: readonly App[]): boolean {
  const isSame = ({ user, device }: App) => user === app.user && device === app.device;
  return app.live || (app.present && !apps.some((other) => isSame(other) && other.live));
}

async function* inTime(play: AsyncGenerator<void>, withinMs: number): AsyncGenerator<void> {
  const over = Promise.withResolvers<{ done: true }>();
  const timer = setTimeout(() => over.resolve({ done: true }), withinMs);
  try {
    while (!(await Promise.race([play.next(), over.promise])).done) yield;
  } finally {
    clearTimeout(timer);
  }
}
