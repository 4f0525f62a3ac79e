import assert from "node:assert/strict";
import type { BusMessage, BusStatus } from "shared/bus/bus.ts";
import { ANNOUNCE, type Beat, decodeMessage, encodeMessage } from "shared/bus/requests.ts";
import type { Report } from "shared/report.ts";
import { type ListenOptions, listenToBeats } from "./listen.ts";

/** A bus of one, and the clock and the timer in the test's hand. */
function scene(options: Pick<ListenOptions, "report" | "onBeat"> = {}) {
  const said: Uint8Array[] = [];
  const handlers = new Map<string, (message: BusMessage) => void>();
  const faults: unknown[] = [];
  let tell: (status: BusStatus) => void = () => {};
  let beat = () => {};
  let now = 0;
  const say = (subject: string, data: Uint8Array) => {
    said.push(data);
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
    ...options,
  });
  return {
    listening,
    said,
    say,
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

Deno.test("listenToBeats() waits for nobody who has said that it ended", () => {
  const { listening, sayEdge, pass } = scene();
  pass(8);
  sayEdge(encodeMessage<Beat>({ replica: "edge1" }));
  sayEdge(encodeMessage<Beat>({ replica: "edge1", ended: true }));
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

Deno.test("listenToBeats() tells of itself, and hands on what other replicas tell", () => {
  const report = { name: "a report" } as unknown as Report;
  const heard: string[] = [];
  const { handlers, listening, sayEdge, say, said } = scene({
    report: () => report,
    onBeat: ({ replica }) => heard.push(replica),
  });
  sayEdge(encodeMessage<Beat>({ replica: "edge1" }));
  say(`${ANNOUNCE.originBeat}.other`, encodeMessage<Beat>({ replica: "other", report }));
  say(`${ANNOUNCE.originBeat}.check`, encodeMessage<Beat>({ replica: "check" }));
  assert.deepEqual(heard, ["edge1", "other"]);
  const own = () =>
    said.map((data) => decodeMessage<Beat>(data)).filter(({ replica }) => replica === "origin 1");
  assert.deepEqual(own().map(({ replica }) => replica), ["origin 1"]);
  listening[Symbol.dispose]();
  assert.equal(own().length, 2, "the last thing it says");
  assert.equal(handlers.size, 0);
});

Deno.test("listenToBeats() outlives a beat that is none, and ends its subscriptions", () => {
  const { listening, faults, handlers, sayEdge } = scene();
  sayEdge(new Uint8Array([1]));
  assert.equal(faults.length, 1);
  listening[Symbol.dispose]();
  assert.equal(handlers.size, 0);
});
