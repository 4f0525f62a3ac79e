/**
 * NATS is cut off from one program or from all, comes back without its store, and loses its stream.
 *
 * @module
 */

import { Links } from "../../faults/links.ts";
import { loseStore, NatsAdmin } from "../../faults/nats_admin.ts";
import type { Way } from "../../faults/faults.ts";
import { waitUntil } from "../../services/wait_until.ts";
import { gauge } from "../gauge.ts";
import { refusalsWithin } from "../history/latency.ts";
import { BESIDE_WHAT_HANGS_MS } from "../load/size.ts";
import { Notes, notTaken } from "../notes.ts";
import type { Part, PartContext, PartResult } from "../part.ts";
import { Stage } from "../stage.ts";
import type { StageOptions } from "../stage_parts.ts";

/** `undefined`: both ways. */
const WAYS: readonly (Way | undefined)[] = [undefined, "toServer", "toClient"];
const BETWEEN_MS = 3_000;
const ALL_DOWN_MS = 10_000;
/** Within the limit, or some time later: how long it took is a figure. */
const STREAM_BACK_MS = 30_000;
const LIMITS = {
  stream_back_max_ms: 5_000,
  proven_again_max_ms: 10_000,
  send_again_p99_ms: BESIDE_WHAT_HANGS_MS,
};
/** An edge that hears a digest every 2 s and has everything is never further behind. */
const AT_HEAD_S = 4;
/** Within the limit, or some time later. */
const PROVEN_MS = 60_000;
const TINY_STREAM_BYTES = 16 * 1024;

/** How long each program is cut off from NATS, and from when on; together none is spared. */
const PARTITIONS = [
  { id: "edge-0", ms: 30_000, afterMs: 0 },
  { id: "origin-0", ms: 30_000, afterMs: 10_000 },
  { id: "edge-1", ms: 5_000, afterMs: 20_000 },
  { id: "origin-1", ms: 5_000, afterMs: 22_000 },
];

const EDGES = ["edge-0", "edge-1"];

export const nats: Part = {
  name: "nats",
  about:
    "NATS cut off from each edge and origin, down, its store empty, its stream deleted or tiny",
  minutes: 3,
  run: (context) => runNats(context),
};

export async function runNats(
  context: PartContext,
  { share = 1, ...options }: StageOptions & { share?: number } = {},
): Promise<PartResult> {
  await using links = new Links(({ to }) => to === "nats");
  const system = { through: links.through };
  await using stage = await Stage.start(context, { ...options, system, limits: LIMITS });
  const admin = new NatsAdmin(stage.system.state);
  const notes = new Notes();
  await Promise.all(PARTITIONS.map(async ({ id, ms, afterMs }) => {
    await stage.pause(afterMs * share);
    await cutOff(stage, links, notes, id, ms * share);
  }));
  context.report("partitions are over");
  const down = await allDown(stage, links, notes, ALL_DOWN_MS * share);
  notes.count("refused_while_down", refusalsWithin(stage.recorder.history, down));
  await starve(stage, links, admin, notes);
  await loseStream(stage, admin, notes, () => admin.deleteStream());
  await loseStream(stage, admin, notes, () => loseStore(stage.system));
  const result = await stage.settle(notes.figures);
  const missing = notTaken(result.figures, ["refused_while_down"]);
  return { ...result, anomalies: [...result.anomalies, ...missing] };
}

/** What was sent before the end of each partition arrives after it: commands long given up, too. */
async function cutOff(stage: Stage, links: Links, notes: Notes, id: string, ms: number) {
  for (const way of WAYS) {
    await stage.outage(id, async () => {
      links.of(id, "nats").hold(way);
      await stage.pause(ms);
      links.of(id, "nats").resume();
      await stage.untilReady(id);
    });
    await untilProven(stage, notes, [id]);
    await stage.pause(BETWEEN_MS);
  }
}

async function allDown(stage: Stage, links: Links, notes: Notes, ms: number) {
  const all = PARTITIONS.map(({ id }) => links.of(id, "nats"));
  const { downAt: from, readyAt: to } = await stage.outage("nats", async () => {
    await Promise.all(all.map((link) => link.refuse()));
    for (const link of all) link.cut();
    await stage.pause(ms);
    for (const link of all) link.resume();
    await Promise.all(PARTITIONS.map(({ id }) => stage.untilReady(id)));
  });
  await untilProven(stage, notes, EDGES);
  return { from, to };
}

/** Edges miss something, and find a stream that has forgotten it. */
async function starve(stage: Stage, links: Links, admin: NatsAdmin, notes: Notes): Promise<void> {
  await admin.limitStream(TINY_STREAM_BYTES);
  for (const id of EDGES) {
    await stage.outage(id, async () => {
      links.of(id, "nats").cut();
      await stage.untilReady(id);
    });
  }
  await untilProven(stage, notes, EDGES);
}

/** Everything that its clients missed was handed to them. */
async function untilProven(stage: Stage, notes: Notes, ids: readonly string[]): Promise<void> {
  const { state } = stage.system;
  const since = stage.now();
  for (const id of ids.filter((id) => EDGES.includes(id))) {
    const ageS = () => gauge(state, id, "fanfare_edge_proven_age_seconds");
    await waitUntil(async () => await ageS() < AT_HEAD_S || undefined, {
      what: `${id} to have handed out everything`,
      withinMs: PROVEN_MS,
      everyMs: 100,
    });
    notes.max("proven_again_max_ms", stage.now() - since);
  }
}

async function loseStream(
  stage: Stage,
  admin: NatsAdmin,
  notes: Notes,
  lose: () => Promise<void>,
): Promise<void> {
  await stage.outage("nats", async () => {
    await lose();
    await stage.untilReady("nats");
  });
  const lostAt = stage.now();
  const isThere = () => admin.hasStream().then((has) => has || undefined, () => undefined);
  const what = "the stream to be there again";
  // How long it took is judged by its limit, also when it has not come.
  await waitUntil(isThere, { what, withinMs: STREAM_BACK_MS, everyMs: 100 }).catch(() => {});
  notes.max("stream_back_max_ms", stage.now() - lostAt);
  await untilProven(stage, notes, EDGES);
}
