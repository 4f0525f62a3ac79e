import assert from "node:assert/strict";
import { failure, ok } from "../../../check/finding.ts";
import { findingsIn, inTurn } from "./findings.ts";

const place = (kind: "edge" | "origin", number: number) => ({ id: `${kind}-${number}`, kind });

Deno.test("inTurn() tells what is well, or amiss alike, once for a program, and the rest of whom", () => {
  const well = ok("edge nats", "version 2.11"), away = failure("edge redis", "it is away", "Mend");
  const refused = failure("edge nats", "it refused the credentials", "Correct");
  const origin = ok("origin nats", "version 2.11");
  assert.deepEqual(
    inTurn([
      { place: place("edge", 0), findings: [well, away] },
      { place: place("edge", 1), findings: [refused, away] },
      { place: place("edge", 2), findings: [well, away] },
      { place: place("edge", 3), findings: [well] },
      { place: place("origin", 0), findings: [origin] },
    ]),
    [
      well,
      away,
      { ...refused, subject: "edge-1 nats" },
      ok("edge-3", "all that its settings name is there"),
      origin,
    ],
  );
});

Deno.test("findingsIn() tells a check that could not be asked from one that found something", () => {
  const found = [ok("edge nats", "version 2.11")];
  assert.deepEqual(findingsIn({ code: 1, stdout: JSON.stringify(found), stderr: "" }), found);
  assert.throws(
    () => findingsIn({ code: 1, stdout: "", stderr: "no such task\n" }),
    /^Error: Cannot run task check: no such task$/,
  );
});
