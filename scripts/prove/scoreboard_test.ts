import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { anomaly } from "./part.ts";
import { ANOMALIES } from "./history/anomaly_names.ts";
import { ANOMALY_NAMES, OF_TIME } from "./anomaly_names.ts";
import {
  addRun,
  EMPTY,
  hasPassed,
  mayBeOfTime,
  mergeFigures,
  type Run,
  summariesOf,
} from "./scoreboard.ts";
import { addToScoreboard, readScoreboard } from "./scoreboard_file.ts";
import { failuresOf, markdownTable, terminalTable } from "./scoreboard_table.ts";

const RUN: Run = {
  seed: 1,
  startedAt: "2026-11-24T09:30:00.000Z",
  ms: 61_000,
  figures: { sends: 1_000, send_again_p99_ms: 12.345, memory_max_mib: 300 },
  anomalies: [],
  conditions: { cores: 2 },
};

Deno.test("hasPassed() wants neither an anomaly nor an error", () => {
  assert.ok(hasPassed(RUN));
  assert.ok(!hasPassed({ ...RUN, anomalies: [anomaly("acked-lost", "m1")] }));
  assert.ok(!hasPassed({ ...RUN, failure: "it threw" }));
});

Deno.test("hasPassed() of an untimed run overlooks its limits, and nothing else", () => {
  const late = anomaly("over-limit", "live_p99_ms is 7000, at most 5000");
  assert.ok(!hasPassed({ ...RUN, anomalies: [late] }));
  assert.ok(hasPassed({ ...RUN, anomalies: [late] }, { untimed: true }));
  const lost = [late, anomaly("acked-lost", "m1")];
  assert.ok(!hasPassed({ ...RUN, anomalies: lost }, { untimed: true }));
  assert.ok(!hasPassed({ ...RUN, failure: "it threw" }, { untimed: true }));
});

Deno.test("mayBeOfTime() takes what only waited too long, and nothing that was lost or doubled", () => {
  const late = anomaly("over-limit", "live_p99_ms is 7000, at most 5000");
  assert.ok(!mayBeOfTime(RUN));
  assert.ok(mayBeOfTime({ ...RUN, anomalies: [late, anomaly("failed-send", "2 sends")] }));
  assert.ok(mayBeOfTime({ ...RUN, failure: "it waited" }));
  assert.ok(!mayBeOfTime({ ...RUN, failure: "rejected", strays: 1 }));
  const of = new Set([...OF_TIME, "over-limit"]);
  for (const name of ANOMALY_NAMES) {
    const run = { ...RUN, anomalies: [late, anomaly(name, "m1")], failure: "it waited" };
    assert.equal(mayBeOfTime(run), of.has(name), name);
  }
  for (const name of ANOMALIES) assert.ok(name === "late" || !OF_TIME.has(name), name);
});

Deno.test("mergeFigures() sums what is counted and keeps the worst of what one run measured", () => {
  const merged = mergeFigures([RUN.figures, { ...RUN.figures, send_again_p99_ms: 20, extra: 1 }]);
  assert.deepEqual(merged, {
    ...{ sends: 2_000, send_again_p99_ms: 20, memory_max_mib: 300, extra: 1 },
  });
});

Deno.test("summariesOf() adds up the runs of each part, in the order of the parts", () => {
  const bad: Run = { ...RUN, anomalies: [{ name: "doubled", count: 3, examples: ["m1"] }] };
  const runs: [string, Run][] = [["other", RUN], ["kill", RUN], ["kill", bad], ["kill", bad]];
  const board = runs.reduce((board, [part, run]) => addRun(board, part, run), EMPTY);
  const [kill, other] = summariesOf(board, ["kill"]);
  assert.deepEqual([kill!.part, kill!.runs, kill!.failed, kill!.ms], ["kill", 3, 2, 183_000]);
  assert.deepEqual(kill!.anomalies, { doubled: 6 });
  assert.equal(other!.part, "other");
});

Deno.test("markdownTable() and terminalTable() show every figure, anomaly and condition", () => {
  assert.equal(markdownTable(EMPTY, []), "There are no runs yet.");
  const failed = { ...RUN, failure: "it threw", conditions: { cores: 4 } };
  const board = addRun(addRun(EMPTY, "kill", RUN), "kill", failed);
  const lines = markdownTable(board, []).split("\n");
  assert.match(lines[0]!, /^\| part +\| runs \| failed \| time +\| figures +\| anomalies \|$/);
  assert.equal(
    lines[2]!.replaceAll(/ +/g, " "),
    "| `kill` | 2 | 1 | 2 min 2 s | sends 2,000, send again p99 12.35 ms, memory max 300 MiB | error 1 |",
  );
  assert.equal(lines.at(-1), "- cores: 2, 4");
  assert.equal(new Set(lines.slice(0, 3).map((line) => line.length)).size, 1);
  assert.match(terminalTable(board, []), /kill .* 2 runs, 1 FAILED, 2 min 2 s\n.*sends 2,000/);
  assert.match(terminalTable(board, []), /\n {6}seed 1: error: it threw$/);
  const lost = addRun(EMPTY, "kill", { ...RUN, anomalies: [anomaly("acked-lost", "m1\nof ana")] });
  assert.match(
    terminalTable(lost, []),
    /\n {4}anomalies: acked-lost 1\n {6}seed 1: acked-lost: m1$/,
  );
});

Deno.test("terminalTable() tells what is over its limits from what has failed", () => {
  const over = { ...RUN, anomalies: [anomaly("over-limit", "live_p99_ms is 7000, at most 5000")] };
  const lost = { ...RUN, anomalies: [...over.anomalies, anomaly("acked-lost", "m1")] };
  const head = (...runs: Run[]) =>
    terminalTable(runs.reduce((board, run) => addRun(board, "kill", run), EMPTY), []).split(
      "\n",
    )[0]!;
  assert.match(head(RUN, over), /2 runs, 1 over limits,/);
  assert.match(head(over, lost, RUN), /3 runs, 1 FAILED, 1 over limits,/);
});

Deno.test("failuresOf() shows the last run of what failed, and no other", () => {
  const lost = { ...RUN, anomalies: [anomaly("acked-lost", "m1"), anomaly("doubled", "m2\nm3")] };
  const threw = { ...RUN, seed: 2, failure: "it threw" };
  const runs: [string, Run][] = [["kill", { ...lost, anomalies: [] }], ["kill", lost], [
    "nats",
    threw,
  ]];
  const board = runs.reduce((board, [part, run]) => addRun(board, part, run), EMPTY);
  const failed = [{ part: "kill", seed: 1 }, { part: "nats", seed: 2 }, { part: "idle", seed: 1 }];
  assert.deepEqual(failuresOf(board, failed).split("\n").map((line) => line.trim()), [
    "kill FAILED",
    "seed 1: acked-lost: m1",
    "seed 1: doubled: m2",
    "nats FAILED",
    "seed 2: error: it threw",
    "idle FAILED",
    "it came to no run",
  ]);
});

Deno.test("addToScoreboard() loses nothing of several that add at once", async () => {
  await using folder = await temporaryDirectory("scoreboard");
  const file = join(folder.path, "deep/scoreboard.json");
  assert.equal(await readScoreboard(file), undefined);
  const seeds = Array.from({ length: 20 }, (_, seed) => seed);
  await Promise.all(seeds.map((seed) => addToScoreboard(file, "kill", { ...RUN, seed })));
  const board = await readScoreboard(file);
  assert.deepEqual(board!.parts.kill!.map(({ seed }) => seed).toSorted((a, b) => a - b), seeds);
});
