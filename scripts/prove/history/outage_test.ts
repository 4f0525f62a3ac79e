import assert from "node:assert/strict";
import type { DeviceHistory, Entry } from "./entry.ts";
import type { SendHistory } from "./evidence.ts";
import { delaysAfter, type Outage } from "./outage.ts";

const SYSTEM = {
  edges: [{ id: "edge-0", ws: "ws://0" }, { id: "edge-1", ws: "ws://1" }],
  origins: [{ id: "origin-0" }, { id: "origin-1" }],
};
const NATS = outage("nats", 100, 200);

function outage(part: string, downAt: number, readyAt: number): Outage {
  return { part, downAt, readyAt };
}

/** Of a device that is connected to this edge from the begin, until it is not. */
function deviceAt(edge: string, lostAt?: number, next?: { at: number; edge: string }) {
  const connected = (at: number, edge: string): Entry => ({
    ...{ at, kind: "connected", edge, recovered: true, wasRecovering: true },
    position: { offset: 1, epoch: "E" },
  });
  const entries = [
    connected(0, edge),
    ...(lostAt === undefined ? [] : [{ at: lostAt, kind: "closed", code: 1 } as const]),
    ...(next ? [connected(next.at, next.edge)] : []),
  ];
  return { user: "ana", device: "d", format: "json", entries } satisfies DeviceHistory;
}

function send(invokedAt: number, answeredAt?: number, device = deviceAt("ws://0")) {
  return {
    ...{ device, invokedAt },
    ...(answeredAt !== undefined && { answered: { at: answeredAt, gsid: 1, prev: 0 } }),
  } as SendHistory;
}

/** How long after the end of the first outage a send was answered that met it. */
function delay(outages: Outage[], answeredAt: number, device?: DeviceHistory): number {
  const [ms] = delaysAfter(outages, [send(150, answeredAt, device as never)], SYSTEM);
  return ms!;
}

Deno.test("a delay is counted from the end of the outage that a send met", () => {
  const sends = [
    send(50, 90), // Before it.
    send(50, 230), // It began before.
    send(150, 180), // The outage did not concern it.
    send(150, 260),
    send(210, 220), // After it.
    send(150), // Never answered: the checker's business.
  ];
  assert.deepEqual(delaysAfter([NATS], sends, SYSTEM), [30, 0, 60]);
});

Deno.test("however closely outages follow each other, a send that is not answered is seen", () => {
  const parts = ["redis", "edge-1", "origin-0", "redis", "edge-1", "origin-1"];
  const outages = [NATS, ...parts.map((part, k) => outage(part, 300 + 1_000 * k, 900 + 1_000 * k))];
  assert.deepEqual([1_000, 6_250, 60_000].map((at) => delay(outages, at)), [800, 6_050, 59_800]);
});

Deno.test("time in which Postgres or NATS is down is no delay, and is counted once", () => {
  const more = [outage("postgres", 300, 500), outage("nats", 400, 600), outage("nats", 900, 999)];
  assert.equal(delay([NATS, ...more], 800), 800 - 200 - 300);
});

Deno.test("one origin of two is no excuse, and both are", () => {
  const first = outage("origin-0", 300, 600), second = outage("origin-1", 500, 900);
  assert.equal(delay([NATS, first], 1_000), 800);
  assert.equal(delay([NATS, first, second], 1_000), 700);
});

Deno.test("the edge to which the sender is connected is an excuse, and the other one is not", () => {
  const own = outage("edge-0", 300, 700), other = outage("edge-1", 300, 700);
  assert.equal(delay([NATS, own], 1_000), 400);
  assert.equal(delay([NATS, other], 1_000), 800);
});

Deno.test("a sender that has lost its connection needs any edge, and then the one that it found", () => {
  const first = outage("edge-0", 300, 700), second = outage("edge-1", 600, 900);
  const lost = deviceAt("ws://0", 400);
  assert.equal(delay([NATS, first], 1_000, lost), 800 - 100);
  assert.equal(delay([NATS, first, second], 1_000, lost), 800 - 100 - 100);
  const moved = deviceAt("ws://0", 400, { at: 500, edge: "ws://1" });
  assert.equal(delay([NATS, first, second], 1_000, moved), 800 - 100 - 300);
});

Deno.test("Redis is never an excuse, and its outage counts as any", () => {
  assert.equal(delay([outage("redis", 100, 200)], 1_000), 800);
  assert.equal(delay([NATS, outage("redis", 300, 900)], 1_000), 800);
});
