import assert from "node:assert/strict";
import { beginTrace } from "./sample.ts";
import { readTraceparent, spanIdOf, traceIdOf, traceparentOf } from "./traceparent.ts";

const NAMES = Array.from({ length: 4_000 }, (_, n) => `m${n}`);
const traced = (ratio: number) =>
  new Set(NAMES.filter((id) => beginTrace("ana", id, ratio) !== undefined));

Deno.test("beginTrace() takes the part of the messages that it is told, and none of none", () => {
  assert.equal(traced(0).size, 0);
  assert.equal(traced(1).size, NAMES.length);
  const { size } = traced(0.25);
  assert.ok(Math.abs(size - 1_000) < 150, String(size));
});

Deno.test("beginTrace() takes with a higher ratio all that it takes with a lower one", () => {
  const [few, many] = [traced(0.1), traced(0.5)];
  assert.deepEqual(few.difference(many), new Set());
});

Deno.test("beginTrace() gives each message of each sender a trace of its own, always the same", () => {
  const begin = beginTrace("ana", "m1", 1)!;
  assert.equal(begin, beginTrace("ana", "m1", 0.999999));
  const others = [beginTrace("ana", "m2", 1)!, beginTrace("ben", "m1", 1)!];
  assert.equal(new Set([begin, ...others].map(traceIdOf)).size, 3);
  assert.equal(readTraceparent(begin), begin);
});

Deno.test("readTraceparent() reads what is traced, and nothing else", () => {
  const traceId = "a".repeat(32), spanId = "b".repeat(16);
  const traceparent = traceparentOf(traceId, spanId);
  assert.equal(readTraceparent(traceparent), traceparent);
  assert.deepEqual([traceIdOf(traceparent), spanIdOf(traceparent)], [traceId, spanId]);
  for (
    const other of [
      undefined,
      "",
      5,
      {},
      `00-${traceId}-${spanId}-00`,
      `01-${traceId}-${spanId}-01`,
      `00-${"0".repeat(32)}-${spanId}-01`,
      `00-${traceId}-${"0".repeat(16)}-01`,
      `00-${traceId.toUpperCase()}-${spanId}-01`,
      `${traceparent}\n`,
    ]
  ) assert.equal(readTraceparent(other), undefined, JSON.stringify(other));
});
