import assert from "node:assert/strict";
import type { ProgramKind } from "../dev/start_command.ts";
import { type Asked, noWayBack, stoppedInPart } from "./no_way_back.ts";
import type { Outcome, ReleaseRecord } from "./record.ts";

function record(id: string, programs: ProgramKind[], outcome: Outcome = "done") {
  return { id, at: id, outcome, programs } as ReleaseRecord;
}

function asked(kind: ProgramKind, records: ReleaseRecord[], change: Partial<Asked> = {}): Asked {
  return { kind, where: "here", installed: { records, replicas: [] }, ...change };
}

Deno.test("noWayBack() where nothing runs names the last release that was done, of each program", () => {
  const both = [record("b", ["origin", "edge"]), record("a", ["origin", "edge"])];
  assert.equal(
    noWayBack([asked("origin", both), asked("edge", both)]),
    "there is no release to go back to at here, where nothing runs: " +
      "say --rollback b for the last one that was done; these are kept: a, b",
  );
  const apart = [...both, record("c", ["edge"]), record("d", ["edge"], "failed")];
  assert.match(
    noWayBack([asked("origin", apart), asked("edge", apart)]),
    /: say --rollback b --only origin, then --rollback c --only edge for the last /,
  );
  assert.match(noWayBack([asked("edge", both)]), /: say --rollback b --only edge for the last /);
});

Deno.test("noWayBack() where nothing is kept that did well says so, and what a target has lost", () => {
  const bad = [record("a", ["origin", "edge"], "rolled back")];
  assert.match(
    noWayBack([asked("origin", bad), asked("edge", bad)]),
    /: a deployment is the first to begin there; these are kept: a$/,
  );
  const good = [record("a", ["edge"])];
  const lost = "it has forgotten a";
  assert.match(noWayBack([asked("edge", good, { lost })]), /runs: it has forgotten a; these are/);
});

Deno.test("noWayBack() from the first release that runs says what is kept", () => {
  const records = [record("a", ["edge"])];
  const replicas = [{ id: "edge-0", kind: "edge" as const, release: "a" }];
  assert.equal(
    noWayBack([asked("edge", records, { installed: { records, replicas } })]),
    "there is no release to go back to at here; --rollback RELEASE takes one by its name, and " +
      "these are kept: a",
  );
});

Deno.test("stoppedInPart() names each way: the one that runs alone, both, and the other as it was", () => {
  const records = [record("a", ["origin", "edge"]), record("b", ["origin", "edge"])];
  const stopped = asked("edge", records);
  const [alone, both, again] = [
    "--rollback --only origin for the origins alone, back to a",
    "--rollback a for both",
    "--rollback b --only edge for the edges as they were last done",
  ];
  const runs = "origin" as const;
  const begin = "the edges at here were deployed last too, and run no more: ";
  assert.equal(
    stoppedInPart({ stopped, runs, before: "a" }),
    `${begin}say ${alone}, or ${both}, or ${again}`,
  );
  assert.equal(stoppedInPart({ stopped, runs }), `${begin}say ${again}`);
  const lost = { ...stopped, lost: "it has forgotten b" };
  assert.equal(
    stoppedInPart({ stopped: lost, runs, before: "a" }),
    `${begin}say ${alone}; it has forgotten b`,
  );
  const apart = asked("edge", [record("a", ["origin"]), records[1]!]);
  assert.equal(
    stoppedInPart({ stopped: apart, runs, before: "a" }),
    `${begin}say ${alone}, or ${again}`,
  );
});
