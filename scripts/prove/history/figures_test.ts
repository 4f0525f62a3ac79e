import assert from "node:assert/strict";
import type { Entry, History } from "./entry.ts";
import { figuresOf } from "./figures.ts";
import { Scene } from "./testing/scene.ts";

const TRUTH = { epoch: "E", head: 0, events: [], stays: [], sent: [], pushes: [], replaced: [] };

const NOTHING = {
  outages: [],
  system: { edges: [{ id: "edge-0", ws: "" }], origins: [{ id: "o" }] },
};

function historyOf(entries: Entry[]): History {
  return { originMs: 0, devices: [{ user: "ana", device: "d", format: "json", entries }] };
}

Deno.test("figuresOf() counts what was sent, answered and delivered", () => {
  const scene = new Scene();
  const before = figuresOf(scene.history, scene.truth, NOTHING);
  for (let i = 0; i < 3; i++) scene.send(scene.device("ana"), { user: "bob" });
  const after = figuresOf(scene.history, scene.truth, NOTHING);
  assert.deepEqual([before.sends, after.sends, after.acked, after.refused], [0, 3, 3, 0]);
  assert.equal(after.events! - before.events!, 3);
  assert.equal(after.devices, 5);
  assert.ok(after.live_max_ms! >= 10, "the scene takes 10 ms from a commit to whoever gets it");
  assert.ok(!("send_again_p99_ms" in after), "nothing was broken");
  assert.ok(!("live_p99_ms" in figuresOf(historyOf([]), TRUTH, NOTHING)), "nothing came");
});

Deno.test("figuresOf() measures from a loss to the answered connect, unless the app left", () => {
  const connected: Entry = {
    ...{ at: 150, kind: "connected", edge: "ws://edge-0", recovered: true, wasRecovering: true },
    position: { offset: 1, epoch: "E" },
  };
  const figures = (code: number, extra: Entry[] = []) =>
    figuresOf(historyOf([{ at: 50, kind: "closed", code }, ...extra, connected]), TRUTH, NOTHING);
  assert.equal(figures(1).back_max_ms, 100);
  assert.equal(figures(3001, [{ at: 70, kind: "closed", code: 1 }]).back_max_ms, 100);
  assert.equal(figures(0).back_max_ms, undefined);
  assert.equal(figures(1, [{ at: 70, kind: "started" }]).back_max_ms, undefined);
});
