/**
 * Plays a scene, and judges the histories of those who play in it.
 *
 * Invariant: what is only owed (a delivery, a push) counts as missing at the end alone, once it has
 * had its time; everything else ends the scene as soon as it is seen.
 *
 * @module
 */

import { randomFrom } from "testing/random.ts";
import { pause } from "../../../services/wait_until.ts";
import { check } from "../../history/check.ts";
import { readTruth } from "../../history/read_truth.ts";
import type { Anomaly } from "../../part.ts";
import type { App } from "../../load/app.ts";
import { Cast } from "./cast.ts";
import type { Scene } from "./scene.ts";

const OWED = new Set(["undelivered", "unpushed", "unanswered"]);
/** The last of what is owed has come by then: two digests, or a round of the late check. */
const OWED_MS = 6_000;
/** A play that a bug holds up is judged as far as it has come. */
const PLAY_MS = 25_000;

export async function judgeScene(scene: Scene, seed: number): Promise<Anomaly[]> {
  await using cast = await Cast.start(scene, randomFrom(seed));
  for await (const _ of inTime(scene.play(cast), PLAY_MS)) {
    const anomalies = (await look(scene, cast)).filter(({ name }) => !OWED.has(name));
    if (anomalies.length > 0) return anomalies;
  }
  for (const untilMs = performance.now() + OWED_MS;;) {
    const anomalies = await look(scene, cast);
    const isOwed = anomalies.every(({ name }) => OWED.has(name));
    if (!isOwed || anomalies.length === 0 || performance.now() > untilMs) return anomalies;
    await pause(200);
  }
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
