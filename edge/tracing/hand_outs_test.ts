import assert from "node:assert/strict";
import type { BusMessage } from "shared/bus/bus.ts";
import { encodeLive, type Live } from "shared/bus/live.ts";
import { keptTracing } from "shared/tracing/testing.ts";
import { traceparentOf } from "shared/tracing/traceparent.ts";
import type { HubDeps, Source } from "../hub/hub.ts";
import { HandOutTraces, MAX_TRACED } from "./hand_outs.ts";

const PARENT = traceparentOf("a".repeat(32), "b".repeat(16));

/** A hub that hands out, to as many subscriptions, whatever it hears. */
function scene(subscriptions = 1) {
  const tracing = keptTracing();
  const timers: (() => void)[] = [];
  const handed: string[] = [];
  const traces = new HandOutTraces({
    tracing,
    turns: {
      later: (task) => {
        timers.push(task);
        return () => void timers.splice(timers.indexOf(task), 1);
      },
    },
  });
  let hear: (message: BusMessage) => void = () => {};
  const deps = traces.watch({
    subscribe(_subject, handle) {
      hear = handle;
      return { unsubscribe() {} };
    },
    events: { handed: ({ gsid }, source) => void handed.push(`${gsid} ${source}`) },
  } as Partial<HubDeps> as HubDeps);
  const hand = (live: Live, source: Source = "live") => {
    for (let n = 0; n < subscriptions; n++) deps.events.handed(live, source);
  };
  let live = message(16);
  deps.subscribe("subject", () => hand(live));
  return {
    ...{ tracing, traces, timers, handed, hand },
    hear(heard: Live, traceparent = PARENT) {
      live = heard;
      hear({ subject: "", data: encodeLive(live), traceparent, respond() {} });
    },
    gathered: () => timers.splice(0).forEach((task) => task()),
  };
}

function message(gsid: number): Live {
  const data = `{"type":"message","gsid":${gsid},"id":"m${gsid}","from":"ana","body":{}}`;
  return { kind: "event", gsid, membership: 0, data };
}

Deno.test("an event has one span on an edge, however many it is handed to", () => {
  const { tracing, hear, gathered, handed } = scene(3);
  hear(message(16));
  hear(message(16));
  gathered();
  hear(message(16));
  gathered();
  assert.equal(handed.length, 9);
  assert.deepEqual(tracing.spans.map(({ name, parent, end }) => ({ name, parent, end })), [
    { name: "hand out", parent: PARENT, end: { gsid: 16, handOuts: 6, source: "live" } },
  ]);
});

Deno.test("what came without a span has none; what was missed begins at the message itself", () => {
  const { tracing, hand, gathered } = scene();
  hand(message(16));
  hand(message(32), "digest");
  hand({ ...message(48), data: '{"type":"alert"}' }, "stream");
  hand({ ...message(64), data: "{" }, "stream");
  gathered();
  assert.deepEqual(tracing.spans.map(({ parent, end }) => [parent, end]), [
    [tracing.begin("ana", "m32"), { gsid: 32, handOuts: 1, source: "digest" }],
  ]);
});

Deno.test("what is under way ends when the edge does, and no timer is left", () => {
  const { tracing, traces, hear, timers } = scene();
  hear(message(16));
  traces.stop();
  assert.deepEqual([timers.length, tracing.spans[0]!.end?.gsid], [0, 16]);
});

Deno.test("the number of events that are remembered is bounded", () => {
  const { traces, hear, timers } = scene();
  for (let n = 1; n <= MAX_TRACED + 5; n++) hear(message(16 * n));
  assert.equal(traces.size, MAX_TRACED);
  assert.equal(timers.length, MAX_TRACED);
});
