import assert from "node:assert/strict";
import postgres from "postgres";
import { type Fault, faultOf } from "./fault.ts";

const STATES: Record<Fault, string[]> = {
  refused: ["22021", "23505", "42P01", "XX000"],
  aborted: ["40001", "40P01", "53300", "55006", "57014", "57P03", "25006", "58030"],
  locked: ["55P03"],
  unknown: ["08006", "40003", "57P01", "57P02"],
};

for (const [fault, states] of Object.entries(STATES)) {
  Deno.test(`faultOf() takes what Postgres says with ${states.join(", ")} for ${fault}`, () => {
    for (const code of states) {
      const error = Object.assign(new postgres.PostgresError("no"), { code });
      assert.equal(faultOf(error), fault, code);
    }
  });
}

Deno.test("faultOf() takes a lost connection for unknown, unless nothing can have been sent", () => {
  const withCode = (code: string) => Object.assign(new Error("no"), { code });
  for (const code of ["CONNECTION_CLOSED", "CONNECTION_DESTROYED", "ECONNRESET", "EPIPE"]) {
    assert.equal(faultOf(withCode(code)), "unknown", code);
  }
  for (const code of ["ECONNREFUSED", "CONNECT_TIMEOUT", "ENOTFOUND"]) {
    assert.equal(faultOf(withCode(code)), "aborted", code);
  }
  assert.equal(faultOf(new Error("no answer")), "unknown");
  assert.equal(faultOf(undefined), "unknown");
});
