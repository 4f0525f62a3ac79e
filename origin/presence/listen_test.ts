import assert from "node:assert/strict";
import type { BusMessage, BusStatus } from "shared/bus/bus.ts";
import { ANNOUNCE, type Beat, encodeMessage } from "shared/bus/requests.ts";
import { listenToBeats } from "./listen.ts";

/** A bus of one, and the clock and the timer in the test's hand. */
function scene() {
  const handlers = new Map<string, (message: BusMessage) => void>();
  const faults: unknown[] = [];
  let tell: (status: BusStatus) => void = () => {};
  let beat = () => {};
  let now = 0;
  const say = (subject: string, data: Uint8Array) => {
    const pattern = subject.replace(/[^.]+$/, "*");
    const handle = handlers.get(subject) ?? handlers.get(pattern);
    handle?.({ subject, data, respond: () => {} });
  };
  const listening = listenToBeats({
    bus: {
      status: "connected",
      publish: say,
      subscribe(subject, handle) {
        handlers.set(subject, handle);
        return { unsubscribe: () => void handlers.delete(subject) };
      },
      onStatus: (handle) => tell = handle,
    },
    origin: "origin 1",
    every(task) {
      beat = task;
      return () => beat = () => {};
    },
    nowMs: () => now,
    onFault: (error) => faults.push(error),
  });
  return {
    listening,
    faults,
    handlers,
    setStatus: (status: BusStatus) => tell(status),
    sayEdge: (data: Uint8Array) => say(`${ANNOUNCE.beat}.edge1`, data),
    /** So many seconds of own beats. */
    pass(seconds: number) {
      for (let passed = 0; passed < seconds; passed += 2) {
        now += 2_000;
        beat();
      }
    },
  };
}

Deno.test("listenToBeats() tells who beats, and who has gone silent", () => {
  const { listening, sayEdge, pass } = scene();
  pass(8);
  sayEdge(encodeMessage<Beat>({ replica: "edge1" }));
  assert.equal(listening.of("edge1"), "heard");
  assert.deepEqual(listening.heard(), ["edge1"]);
  pass(8);
  assert.equal(listening.of("edge1"), "silent");
  assert.deepEqual(listening.heard(), []);
});

Deno.test("listenToBeats() calls nobody silent while the bus is away", () => {
  const { listening, setStatus, pass } = scene();
  pass(8);
  assert.equal(listening.of("edge1"), "silent");
  setStatus("disconnected");
  assert.equal(listening.of("edge1"), "unsure");
  setStatus("connected");
  pass(2);
  assert.equal(listening.of("edge1"), "unsure");
  pass(8);
  assert.equal(listening.of("edge1"), "silent");
});

Deno.test("listenToBeats() outlives a beat that is none, and ends its subscriptions", () => {
  const { listening, faults, handlers, sayEdge } = scene();
  sayEdge(new Uint8Array([1]));
  assert.equal(faults.length, 1);
  listening[Symbol.dispose]();
  assert.equal(handlers.size, 0);
});
