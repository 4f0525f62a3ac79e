import assert from "node:assert/strict";
import { Following } from "./following.ts";
import type { Entry } from "./entry.ts";
import { Reach } from "./reach.ts";
import type { TrueEvent } from "./truth.ts";

const EPOCH = "E";
const event = (gsid: number): TrueEvent => ({
  ...{ gsid, type: "message", conversation: "dm:ana:bob", prev: 0, digest: "" },
});
const REACH = new Reach([10, 20, 30, 40].map(event), ["ana"]);

function following(entries: Entry[]): Following {
  const following = new Following({ user: "ana", device: "d", format: "json", entries }, REACH);
  for (const entry of entries) following.take(entry);
  return following;
}

const connected = (offset: number, recovered: boolean): Entry => ({
  at: 0,
  kind: "connected",
  ...{
    edge: "ws://edge-0",
    recovered,
    wasRecovering: recovered,
    position: { offset, epoch: EPOCH },
  },
});
const got = (gsid: number): Entry => ({ at: 0, kind: "event", content: event(gsid) });
const started = (offset?: number): Entry => ({
  at: 0,
  kind: "started",
  ...(offset !== undefined && { since: { offset, epoch: EPOCH } }),
});

Deno.test("a device is owed what comes after its first position, and what it has got it does not lack", () => {
  const device = following([started(), connected(10, false), got(30)]);
  assert.deepEqual(device.lacking(30, 0), [20]);
  assert.deepEqual(device.lacking(30, 0), [], "each is told once");
  assert.deepEqual(device.lacking(Infinity, 0), [40]);
});

Deno.test("a device that is told it is recovered is owed everything since it first came", () => {
  const device = following([started(), connected(10, false), connected(30, true)]);
  assert.deepEqual(device.lacking(40, 0), [20, 30, 40]);
});

Deno.test("a device that is told it is not recovered loads anew, and is owed what comes after", () => {
  const device = following([started(), connected(10, false), connected(30, false)]);
  assert.deepEqual(device.lacking(40, 0), [40]);
});

Deno.test("an app that starts with a cursor is owed what comes after it", () => {
  assert.deepEqual(following([started(20), connected(20, true)]).lacking(40, 0), [30, 40]);
});

Deno.test("an answer to its own send is as good as the event, at its time", () => {
  const ok: Entry = {
    at: 500,
    kind: "ok",
    id: "m",
    attempt: 1,
    gsid: 20,
    prev: 0,
    duplicate: false,
  };
  const entries = [started(), connected(10, false)];
  const device = { user: "ana", device: "d", format: "json", entries: [...entries, ok] };
  const lackingAt = (at: number) => {
    const following = new Following(device, REACH);
    for (const entry of entries) following.take(entry);
    return following.lacking(20, at);
  };
  assert.deepEqual(lackingAt(100), [20]);
  assert.deepEqual(lackingAt(460), [], "the SDK hands on a reply some turns late");
});
