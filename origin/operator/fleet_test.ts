import assert from "node:assert/strict";
import { Fleet, MAX_REPLICAS } from "./fleet.ts";
import { reportOf } from "./testing/replicas.ts";

function scene() {
  const clock = { nowMs: 0 };
  const fleet = new Fleet(() => clock.nowMs);
  const pulses = () => Object.fromEntries(fleet.list().map(({ id, pulse }) => [id, pulse]));
  return { clock, fleet, pulses };
}

Deno.test("Fleet keeps what was told last, and a minute of figures", () => {
  const { clock, fleet } = scene();
  for (let count = 0; count <= 50; count++) {
    clock.nowMs = 2_000 * count;
    const told = reportOf({ atMs: clock.nowMs, figures: { fanfare_x: count } });
    fleet.heard({ replica: "a", report: told });
    fleet.heard({ replica: "a", report: told });
  }
  const [{ report, samples }] = fleet.list() as [ReturnType<Fleet["list"]>[0]];
  assert.equal(report?.figures.fanfare_x, 50);
  assert.deepEqual(samples.map(({ figures }) => figures.fanfare_x), [
    ...Array.from({ length: 31 }, (_, i) => 20 + i),
  ]);
});

Deno.test("Fleet misses whoever falls silent, for ten minutes", () => {
  const { clock, fleet, pulses } = scene();
  fleet.heard({ replica: "a", report: reportOf() });
  clock.nowMs = 6_000;
  assert.deepEqual(pulses(), { a: "heard" });
  clock.nowMs = 6_001;
  assert.deepEqual(pulses(), { a: "missed" });
  clock.nowMs = 600_000;
  assert.deepEqual(pulses(), { a: "missed" });
  clock.nowMs = 600_001;
  assert.deepEqual(pulses(), {});
});

Deno.test("Fleet hears at once that an edge has ended, and believes a beat after it", () => {
  const { fleet, pulses } = scene();
  fleet.heard({ replica: "a", report: reportOf() });
  fleet.heard({ replica: "a", report: reportOf({ draining: true }), ended: true });
  assert.deepEqual(pulses(), { a: "ended" });
  fleet.heard({ replica: "a", report: reportOf() });
  assert.deepEqual(pulses(), { a: "heard" });
});

Deno.test("Fleet misses nobody who drained, or took its name up again", () => {
  const { clock, fleet, pulses } = scene();
  fleet.heard({ replica: "drained", report: reportOf({ name: "edge-1", draining: true }) });
  fleet.heard({ replica: "killed", report: reportOf() });
  fleet.heard({ replica: "namesake", report: reportOf() });
  clock.nowMs = 3_000;
  fleet.heard({ replica: "namesake", report: reportOf() });
  clock.nowMs = 10_000;
  assert.equal(pulses().killed, "missed", "its namesake was there before it fell silent");
  fleet.heard({ replica: "anew", report: reportOf() });
  fleet.heard({ replica: "other", report: reportOf({ name: "edge-9", program: "origin" }) });
  assert.deepEqual(pulses(), {
    drained: "ended",
    killed: "ended",
    namesake: "ended",
    anew: "heard",
    other: "heard",
  });
  clock.nowMs = 63_001;
  assert.deepEqual(pulses(), { anew: "missed", other: "missed" });
});

Deno.test("Fleet hears replicas that tell nothing, and of others nothing that it cannot read", () => {
  const { fleet } = scene();
  const bad: unknown[] = [
    undefined,
    5,
    {},
    { ...reportOf(), program: "client" },
    { ...reportOf(), name: "x".repeat(1_000) },
    { ...reportOf(), atMs: null },
    { ...reportOf(), figures: { "<script>": 1 } },
    { ...reportOf(), figures: { fanfare_x: "1" } },
    { ...reportOf(), trouble: [{ at: -1, level: "warning", words: "", times: 1 }] },
    { ...reportOf(), trouble: Array(1_000).fill(reportOf()) },
  ];
  bad.forEach((report, i) => fleet.heard({ replica: `${i}`, report: report as never }));
  assert.deepEqual(fleet.list().map(({ report }) => report), bad.map(() => undefined));
  // A later release may say more.
  fleet.heard({ replica: "later", report: { ...reportOf(), more: 1 } as never });
  assert.equal(fleet.list().at(-1)?.report?.name, "edge-0");
});

Deno.test("Fleet is bounded, and whoever is there keeps its place", () => {
  const { clock, fleet, pulses } = scene();
  for (let i = 0; i <= MAX_REPLICAS; i++) fleet.heard({ replica: `${i}` });
  fleet.heard({ replica: "0", report: reportOf() });
  assert.equal(fleet.size, MAX_REPLICAS);
  assert.equal(pulses()[`${MAX_REPLICAS}`], undefined);
  // Those that are gone make room.
  clock.nowMs = 600_001;
  fleet.heard({ replica: "new" });
  assert.deepEqual(pulses(), { new: "heard" });
});
