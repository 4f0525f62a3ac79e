import assert from "node:assert/strict";
import { faultsIn, MOST_DRAIN_MS, settingsThere } from "./settings.ts";

Deno.test("an edge there drains in less than the five seconds that it has, whatever is set", () => {
  assert.ok(MOST_DRAIN_MS <= 4_000);
  const drainOf = (DRAIN_MS?: string) => settingsThere({ DRAIN_MS }).DRAIN_MS;
  assert.deepEqual([drainOf("20000"), drainOf(), drainOf("500")], ["3000", "3000", "500"]);
  assert.equal(settingsThere({ HOST: "127.0.0.1" }).HOST, "0.0.0.0");
});

Deno.test("faultsIn() names what the platform does not take", () => {
  const faults = faultsIn({ DENO_X: "1", NATS_CREDS: "x".repeat(16_385), LOG_LEVEL: "info" });
  assert.equal(faults.length, 2);
  assert.match(faults.join(), /DENO_X is a name.*NATS_CREDS has more than 16384 bytes/);
});
