import assert from "node:assert/strict";
import type { ConnectionId, DeviceId, UserId } from "shared/ids.ts";
import { encodeDevices } from "shared/presence.ts";
import { interpretPresence, type Presence, type ReplicaAnswer } from "./interpret.ts";

const ANA = "ana" as UserId;
const PHONE = {
  device: "phone" as DeviceId,
  connection: "c1" as ConnectionId,
  foreground: true,
};
const HERE = encodeDevices([PHONE]);

type Case = [name: string, answers: ReplicaAnswer[], expected: Presence["state"], partial: boolean];

function answer(values: unknown, about: Partial<ReplicaAnswer> = {}): ReplicaAnswer {
  return { pulse: "heard", lapsed: false, values, ...about };
}

const CASES: Case[] = [
  ["no replica at all", [], "offline", false],
  ["a whole hash with the user", [answer(["1", HERE])], "online", false],
  ["a whole hash without the user", [answer(["1", null])], "offline", false],
  ["the user on the second replica", [answer(["1", null]), answer(["1", HERE])], "online", false],
  ["a hash without its marker", [answer([null, null])], "unknown", true],
  ["a field beside no marker", [answer([null, HERE])], "unknown", true],
  [
    "no marker, and the replica lapsed but beats",
    [answer([null, null], { lapsed: true })],
    "unknown",
    true,
  ],
  [
    "no marker, lapsed, unsure",
    [answer([null, null], { lapsed: true, pulse: "unsure" })],
    "offline",
    false,
  ],
  ["no marker, not lapsed, unsure", [answer([null, null], { pulse: "unsure" })], "unknown", true],
  [
    "a silent replica that has the user",
    [answer(["1", HERE], { pulse: "silent" })],
    "offline",
    false,
  ],
  [
    "online here, another replica unknown",
    [answer(["1", HERE]), answer([null, null])],
    "online",
    true,
  ],
  [
    "offline here, another replica unknown",
    [answer(["1", null]), answer([null, null])],
    "unknown",
    true,
  ],
  ["an error instead of values", [answer({ error: "WRONGTYPE" })], "unknown", true],
  ["nothing instead of values", [answer(null)], "unknown", true],
  ["an aborted request's word", [answer("Aborted")], "unknown", true],
  ["too few values", [answer(["1"])], "unknown", true],
  ["a field that is no JSON", [answer(["1", "{"])], "unknown", true],
  ["a field that is no list of devices", [answer(["1", "[1]"])], "unknown", true],
  ["a field that is a number", [answer(["1", 5])], "unknown", true],
  ["a field that lists nobody", [answer(["1", "[]"])], "unknown", true],
];

for (const [name, answers, state, partial] of CASES) {
  Deno.test(`interpretPresence(): ${name}: ${state}`, () => {
    const presence = interpretPresence([ANA], answers).get(ANA)!;
    assert.deepEqual([presence.state, presence.partial], [state, partial]);
    assert.equal(presence.devices.length, state === "online" ? 1 : 0);
  });
}

Deno.test("interpretPresence() keeps a malformed field from spoiling the other users", () => {
  const BEN = "ben" as UserId;
  const presence = interpretPresence([ANA, BEN], [answer(["1", "{", HERE])]);
  assert.equal(presence.get(ANA)!.state, "unknown");
  assert.deepEqual(presence.get(BEN)!, { state: "online", devices: [PHONE], partial: false });
});
