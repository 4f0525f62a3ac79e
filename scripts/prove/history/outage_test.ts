import assert from "node:assert/strict";
import type { SendHistory } from "./evidence.ts";
import { delaysAfter, mergeOutages } from "./outage.ts";

const send = (invokedAt: number, answeredAt?: number) =>
  ({
    invokedAt,
    ...(answeredAt !== undefined && { answered: { at: answeredAt, gsid: 1, prev: 0 } }),
  }) as SendHistory;

const OUTAGE = { part: "nats", downAt: 100, readyAt: 200 };

Deno.test("mergeOutages() makes one of those that overlap", () => {
  const later = { part: "redis", downAt: 300, readyAt: 400 };
  const within = { part: "edge-0", downAt: 150, readyAt: 160 };
  const longer = { part: "postgres", downAt: 200, readyAt: 250 };
  assert.deepEqual(mergeOutages([later, longer, within, OUTAGE]), [
    { part: "nats edge-0 postgres", downAt: 100, readyAt: 250 },
    later,
  ]);
});

Deno.test("delaysAfter() counts from the end of the outage that a send met", () => {
  const sends = [
    send(50, 90), // Before it.
    send(50, 230), // It began before.
    send(150, 180), // The outage did not concern it.
    send(150, 260),
    send(210, 220), // After it.
    send(150), // Never answered: the checker's business.
  ];
  assert.deepEqual(delaysAfter([OUTAGE], sends), [30, 0, 60]);
});
