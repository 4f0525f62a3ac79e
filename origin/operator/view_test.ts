import assert from "node:assert/strict";
import type { Report } from "shared/report.ts";
import { EDGE_COLUMNS, ORIGIN_COLUMNS, type Overview, overviewOf } from "./view.ts";
import { Fleet } from "./fleet.ts";
import { reportOf, spreadOver } from "./testing/replicas.ts";

const START_S = 1_000;

/** Each told twice, ten seconds apart: what grew in between is a tenth of it a second. */
function view(
  replicas: Record<string, [before: Partial<Report>, now?: Partial<Report>]>,
): Overview {
  const clock = { nowMs: 0 };
  const fleet = new Fleet(() => clock.nowMs);
  const tell = (pick: 0 | 1) => {
    for (const [replica, [before, now]] of Object.entries(replicas)) {
      const told = pick === 0 ? before : now;
      if (told) {
        fleet.heard({ replica, report: reportOf({ name: replica, atMs: clock.nowMs, ...told }) });
      }
    }
  };
  tell(0);
  clock.nowMs = 10_000;
  tell(1);
  const nowMs = START_S * 1000 + 120_000;
  const seen = { self: "o", name: "o", version: "1.2.3", nowMs, trend: [] };
  return overviewOf({ ...seen, replicas: fleet.list() });
}

const well = (more: Partial<Report> = {}): [Partial<Report>, Partial<Report>] => [more, more];
const ORIGIN: Partial<Report> = { program: "origin" };
const reasons = ({ verdict }: Overview) => verdict.reasons.map(({ words }) => words);
const tile = ({ tiles }: Overview, label: string) =>
  tiles.find((one) => one.label === label)!.value;

Deno.test("all is well while everybody is ready, and the figures add up", () => {
  const edge = (connections: number, frames: number): Partial<Report> => ({
    figures: {
      fanfare_edge_connections: connections,
      fanfare_edge_frames_total: frames,
      fanfare_process_start_time_seconds: START_S,
    },
    spreads: { fanfare_edge_delivery_latency_seconds: spreadOver(0.01, frames) },
  });
  const overview = view({
    o: well(ORIGIN),
    e1: [edge(1_000, 0), edge(1_100, 200)],
    e2: [edge(20, 50), edge(20, 100)],
  });
  assert.deepEqual(overview.verdict, {
    tone: "well",
    words: "All is well with 2 edges and one origin",
    reasons: [],
  });
  assert.equal(tile(overview, "Connections"), "1,120");
  assert.equal(tile(overview, "Frames"), "25/s");
  assert.equal(tile(overview, "Delivery"), "8 ms");
  const [row] = overview.edges;
  const cells = Object.fromEntries(EDGE_COLUMNS.map(({ title }, i) => [title, row!.cells[i]]));
  assert.deepEqual(
    [cells.up, cells.connections, cells["frames/s"], cells["delivery p99"], cells.queued],
    ["2 min", "1,100", "20", "10 ms", "–"],
  );
});

Deno.test("every row has a cell for each column", () => {
  const { edges, origins } = view({ o: well(ORIGIN), e: well() });
  assert.equal(edges[0]!.cells.length, EDGE_COLUMNS.length);
  assert.equal(origins[0]!.cells.length, ORIGIN_COLUMNS.length);
});

Deno.test("whoever is not ready or silent comes first, and is named", () => {
  const overview = view({
    o: well(ORIGIN),
    e10: well(),
    e9: well(),
    e3: well({ draining: true }),
    e2: well({ faults: [["bus", "not connected"]] }),
    e1: [{}],
  });
  assert.deepEqual(overview.edges.map(({ name, state: { word, why } }) => [name, word, why]), [
    ["e1", "silent", "not heard for 10 s"],
    ["e2", "not ready", "bus: not connected"],
    ["e3", "draining", undefined],
    ["e9", "ready", undefined],
    ["e10", "ready", undefined],
  ]);
  assert.equal(overview.verdict.tone, "poor");
  assert.deepEqual(reasons(overview), ["One edge is silent: e1", "One edge is not ready: e2"]);
});

Deno.test("users notice when no edge or no origin is ready, and that comes first", () => {
  const overview = view({ o: well({ ...ORIGIN, faults: [["database", "refused"]] }), e: [{}] });
  assert.equal(overview.verdict.tone, "bad");
  assert.deepEqual(reasons(overview), [
    "No origin is ready: nothing can be sent",
    "No edge is ready: no client can connect",
    "One origin is not ready: o",
    "One edge is silent: e",
  ]);
});

Deno.test("an edge of a release that tells nothing counts as serving", () => {
  const overview = view({ o: well(ORIGIN) });
  assert.equal(overview.verdict.tone, "bad");
  const fleet = new Fleet(() => 0);
  fleet.heard({ replica: "o", report: reportOf(ORIGIN) });
  fleet.heard({ replica: "edge-of-before" });
  const seen = { self: "o", name: "o", version: "1.2.3", nowMs: 0, trend: [] };
  const { verdict, edges } = overviewOf({ ...seen, replicas: fleet.list() });
  assert.equal(verdict.tone, "well");
  assert.equal(edges[0]!.state.word, "untold");
});

Deno.test("an origin that is cut off says that it hears nobody", () => {
  const overview = view({ o: well({ ...ORIGIN, faults: [["bus", "not connected"]] }), e: well() });
  assert.match(reasons(overview)[0]!, /^This origin is not connected to NATS/);
});

const FIGURES: [figures: Report["figures"], program: Report["program"], reason: RegExp | null][] = [
  [{ fanfare_origin_digest_silence_seconds: 14 }, "origin", null],
  [{ fanfare_origin_digest_silence_seconds: 16 }, "origin", /^No digest was told for 16 s/],
  [{ fanfare_edge_proven_age_seconds: 16 }, "edge", /^One edge behind the digest: x$/],
  [{ fanfare_origin_late_check_lag_seconds: 61 }, "origin", /^The late check is 61 s behind/],
  [
    { fanfare_push_backlog_seconds: 130, fanfare_push_backlog_jobs: 7 },
    "origin",
    /^Push is 2 min late, with 7 jobs waiting$/,
  ],
  [{ fanfare_edge_presence_whole: 0 }, "edge", /^Presence is not whole in Redis, of x$/],
];

for (const [figures, program, reason] of FIGURES) {
  Deno.test(`${JSON.stringify(figures)} ${reason ? "is told" : "is well"}`, () => {
    const told = reasons(view({ o: well(ORIGIN), e: well(), x: well({ program, figures }) }));
    if (!reason) return assert.deepEqual(told, []);
    assert.equal(told.length, 1);
    assert.match(told[0]!, reason);
  });
}

Deno.test("slow deliveries and full queues are told", () => {
  const slow = (many: number) => ({
    spreads: { fanfare_edge_delivery_latency_seconds: spreadOver(2, many) },
  });
  const fullest = { what: "sends_waiting", ratio: 0.9 };
  const overview = view({ o: well({ ...ORIGIN, fullest }), e: [slow(0), slow(10)] });
  assert.deepEqual(reasons(overview), [
    "One delivery in ten takes 2.4 s or longer",
    "o: sends waiting 90% full",
  ]);
});

Deno.test("recent trouble of all is one list, the latest first", () => {
  const trouble = (at: number, words: string) => ({
    trouble: [{ at, level: "warning" as const, words, times: 1 }],
  });
  const overview = view({
    o: well({ ...ORIGIN, ...trouble(1, "old") }),
    e: well(trouble(2, "new")),
  });
  assert.deepEqual(overview.trouble.map(({ by, words }) => [by, words]), [
    ["e", "new"],
    ["o", "old"],
  ]);
});
