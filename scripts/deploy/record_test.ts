import assert from "node:assert/strict";
import type { ProgramKind } from "../dev/start_command.ts";
import {
  currentOf,
  type Outcome,
  type ReleaseRecord,
  releasesToRemove,
  stoppedSince,
  wayBack,
} from "./record.ts";
import type { Replica } from "./target.ts";

function record(id: string, at: number, outcome: Outcome = "done"): ReleaseRecord {
  return {
    ...{ id, version: "0.1.0", commit: "", dirty: false, by: "ana@desk", outcome },
    at: new Date(at).toISOString(),
    ...{ programs: ["origin", "edge"], settings: { edge: [], origin: [] } },
    ...{ migrations: [], previous: {} },
  };
}

function run(kind: ProgramKind, ...releases: string[]) {
  return releases.map((release, i) => ({ id: `${kind}-${i}`, kind, release }));
}

/** Both programs at one target. */
function at(records: ReleaseRecord[], ...replicas: Replica[]) {
  return { edge: { records, replicas }, origin: { records, replicas } };
}

Deno.test("wayBack() is to the last release that was done before the newest that runs", () => {
  const records = [record("c", 3, "rolled back"), record("a", 1), record("b", 2), record("d", 4)];
  const both = (id: string) => at(records, ...run("edge", id, id), ...run("origin", id));
  assert.deepEqual(wayBack(both("d")), { origin: "b", edge: "b" });
  assert.deepEqual(wayBack(both("b")), { origin: "a", edge: "a" });
  assert.deepEqual(wayBack(both("a")), {});
  assert.deepEqual(wayBack(at(records)), {});
});

Deno.test("wayBack() is to what ran before, if that did well", () => {
  const before = { previous: { edge: "a", origin: "a" } };
  const records = [record("a", 1), record("b", 2), { ...record("c", 3), ...before }];
  const running = [...run("edge", "c"), ...run("origin", "c")];
  assert.deepEqual(wayBack(at(records, ...running)), { origin: "a", edge: "a" });
  records[0]!.outcome = "rolled back";
  assert.deepEqual(wayBack(at(records, ...running)), { origin: "b", edge: "b" });
});

Deno.test("wayBack() is of the program alone that was deployed last, and of the other when asked", () => {
  const edges = { ...record("b", 2), programs: ["edge"] satisfies ProgramKind[] };
  const origins = { ...record("c", 3), programs: ["origin"] satisfies ProgramKind[] };
  const records = [record("a", 1), edges, origins];
  const there = at(records, ...run("edge", "b"), ...run("origin", "c"));
  assert.deepEqual(wayBack(there), { origin: "a" });
  assert.deepEqual(wayBack(there, "edge"), { edge: "a" });
  assert.deepEqual(wayBack(at(records, ...run("edge", "b"), ...run("origin", "a"))), { edge: "a" });
});

Deno.test("wayBack() after a deployment that was killed is from what it had rolled, with a record or without", () => {
  const killed = "0.1.0-20261130T160000Z-bbbbbbb";
  const edges = { ...record("b", 2), programs: ["edge"] satisfies ProgramKind[] };
  const running = [...run("edge", killed, "b"), ...run("origin", killed)];
  const records = [record("a", 1), edges];
  assert.deepEqual(wayBack(at(records, ...running)), { origin: "a", edge: "b" });
  const unfinished = record(killed, Date.UTC(2026, 10, 30, 16), "failed");
  assert.deepEqual(wayBack(at([...records, unfinished], ...running)), { origin: "a", edge: "b" });
});

Deno.test("stoppedSince() is what was deployed with the newest that runs, and runs no more", () => {
  const both = [record("a", 1), record("b", 2)];
  assert.equal(stoppedSince(at(both, ...run("origin", "b"))), "edge");
  assert.equal(stoppedSince(at(both, ...run("edge", "b"))), "origin");
  assert.equal(stoppedSince(at(both, ...run("edge", "a"), ...run("origin", "b"))), undefined);
  assert.equal(stoppedSince(at(both)), undefined, "nothing runs that could go back");
  const origins = { ...record("c", 3), programs: ["origin"] satisfies ProgramKind[] };
  assert.equal(stoppedSince(at([...both, origins], ...run("origin", "c"))), undefined);
});

Deno.test("stoppedSince() is nothing where a deployment was killed before what had not run yet began", () => {
  const origins = { ...record("a", 1), programs: ["origin"] satisfies ProgramKind[] };
  const killed = record("b", 2, "failed");
  const running = run("origin", "b", "a");
  assert.equal(stoppedSince(at([origins, killed], ...running)), undefined);
  assert.equal(stoppedSince(at([record("a", 1), killed], ...running)), undefined);
  const ran = { ...killed, previous: { edge: "a" } };
  assert.equal(stoppedSince(at([record("a", 1), ran], ...running)), "edge");
});

Deno.test("releasesToRemove() leaves five, of the good and of the bad, and what runs", () => {
  const good = Array.from({ length: 8 }, (_, k) => record(`good${k}`, k));
  const bad = Array.from({ length: 6 }, (_, k) => record(`bad${k}`, 10 + k, "failed"));
  assert.deepEqual(releasesToRemove([...bad, ...good], ["good1"]), ["good0", "good2", "bad0"]);
  assert.deepEqual(releasesToRemove(good.slice(0, 5), []), []);
  const edges = good.map((one, k) => k === 0 ? one : { ...one, programs: ["edge" as const] });
  assert.deepEqual(releasesToRemove(edges, []), ["good1", "good2"], "the origins' only one stays");
});

Deno.test("currentOf() is what runs, and of several what is known to be good", () => {
  const records = [record("a", 1), record("b", 2), record("c", 3, "rolled back")];
  assert.equal(currentOf("edge", run("edge", "new", "a"), records), "a");
  assert.equal(currentOf("edge", run("edge", "c", "a", "b"), records), "b");
  assert.equal(currentOf("edge", run("edge", "new"), records), "new");
  assert.equal(currentOf("origin", run("edge", "a"), records), undefined);
});
