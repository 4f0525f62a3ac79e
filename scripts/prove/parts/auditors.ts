/**
 * Origins are replaced one after the other while everybody sends, and the one that makes digests
 * stands still and wakes, again and again.
 *
 * @module
 */

import { latencyOf } from "../../bench/quantiles.ts";
import { readMetric } from "testing/metrics.ts";
import { waitUntil } from "../../services/wait_until.ts";
import { DigestWatch } from "../digest_watch.ts";
import { refusalsWithin, type Span } from "../history/latency.ts";
import { Notes } from "../notes.ts";
import { anomaly, type Part } from "../part.ts";
import { Stage } from "../stage.ts";

const RESTARTS = 10, FREEZES = 4;
const LOOK_MS = 500, CALM_MS = 10_000, BETWEEN_MS = 2_000, FROZEN_MS = 8_000;
/** A digest comes every 2 s; another origin takes over after 3 s and up to one more. */
const LIMITS = {
  restart_digest_gap_max_ms: 6_000,
  frozen_digest_gap_max_ms: 6_000,
  /** Looked at when 15 s old, pushed within 20 s. */
  late_check_lag_max_ms: 20_000,
};
const ORIGINS = ["origin-0", "origin-1"] as const;

export const auditors: Part = {
  name: "auditors",
  about: `${RESTARTS} origins replaced without a failed send; the one that makes digests frozen ` +
    `${FREEZES} times`,
  minutes: 2,
  async run(context) {
    await using stage = await Stage.start(context, { limits: LIMITS });
    await using digests = await DigestWatch.start(stage.system.state);
    const notes = new Notes();
    using _lag = watchLag(stage, notes);

    const calm = await spanOf(stage, () => stage.pause(CALM_MS));
    const restarts = await spanOf(stage, async () => {
      for (let k = 0; k < RESTARTS; k++) await replace(stage, ORIGINS[k % 2]!);
      await stage.pause(BETWEEN_MS);
    });
    const failed = refusalsWithin(stage.recorder.history, restarts);
    context.report(`${RESTARTS} origins replaced, ${failed} sends refused`);
    const frozen = await spanOf(stage, async () => {
      for (let k = 0; k < FREEZES; k++) await freezeMaker(stage);
    });

    for (const [name, span] of Object.entries({ calm, restart: restarts, frozen })) {
      notes.max(`${name}_digest_gap_max_ms`, digests.longestGapMs(span));
      notes.count(`${name}_digest_holes`, digests.holes(span));
    }
    const { topics, bytes } = digests.sizes;
    notes.max("digest_topics_p50", latencyOf(topics).p50);
    notes.max("digest_topics_max", latencyOf(topics).max);
    notes.max("digest_bytes_p50", latencyOf(bytes).p50);
    notes.max("digest_bytes_max", latencyOf(bytes).max);
    const result = await stage.settle(notes.figures);
    if (failed === 0) return result;
    const words = `${failed} sends were refused while origins were replaced`;
    return { ...result, anomalies: [...result.anomalies, anomaly("failed-send", words)] };
  },
};

async function spanOf(stage: Stage, run: () => Promise<void>): Promise<Span> {
  const from = stage.now();
  await run();
  return { from, to: stage.now() };
}

/** As a release does: it is asked to end, and the next one is ready before another goes. */
async function replace(stage: Stage, id: string): Promise<void> {
  await stage.system.terminate(id);
  await stage.untilReady(id);
  await stage.pause(BETWEEN_MS);
}

async function freezeMaker(stage: Stage): Promise<void> {
  const id = await makerOf(stage);
  await stage.outage(id, async () => {
    stage.system.signal(id, "SIGSTOP");
    await stage.pause(FROZEN_MS);
    stage.system.signal(id, "SIGCONT");
    await stage.untilReady(id);
  });
  await stage.pause(BETWEEN_MS);
}

/** The origin that makes digests, once they have settled on one. */
async function makerOf({ system }: Stage): Promise<string> {
  const made = () =>
    Promise.all(
      system.state.origins.map(({ internal }) =>
        readMetric(internal, "fanfare_origin_digest_topics_count")
      ),
    );
  const before = await made();
  return await waitUntil(async () => {
    const now = await made();
    const makers = ORIGINS.filter((_, i) => now[i]! > before[i]! + 1);
    return makers.length === 1 ? makers[0] : undefined;
  }, { what: "one origin to make digests", withinMs: 60_000, everyMs: 200 });
}

/** How far the late check is behind, as the origin says that sees it best. */
function watchLag(stage: Stage, notes: Notes): Disposable {
  const said = new Map<string, { lagMs: number; at: number }>();
  const asking = new Set<string>();
  const ask = async ({ id, internal }: { id: string; internal: string }) => {
    // One that stands still answers when it wakes.
    if (asking.has(id)) return;
    asking.add(id);
    const at = stage.now();
    const lagS = await readMetric(internal, "fanfare_origin_late_check_lag_seconds").catch(
      () => {},
    );
    if (lagS) said.set(id, { lagMs: lagS * 1_000, at });
    asking.delete(id);
  };
  const timer = setInterval(() => {
    for (const origin of stage.system.state.origins) void ask(origin);
    const lags = [...said.values()].map(({ lagMs, at }) => lagMs + stage.now() - at);
    if (lags.length > 0) notes.max("late_check_lag_max_ms", Math.min(...lags));
  }, LOOK_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
