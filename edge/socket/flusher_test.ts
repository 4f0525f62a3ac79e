import assert from "node:assert/strict";
import type { Codec, Frame } from "shared/wire/codec.ts";
import { flushDelayMs, Flusher, WINDOW_MS } from "./flusher.ts";

Deno.test("flushDelayMs() waits while many are written to, and often", () => {
  assert.equal(flushDelayMs({ sockets: 1, agoMs: 0 }), 0);
  assert.equal(flushDelayMs({ sockets: 31, agoMs: 1 }), 0);
  assert.equal(flushDelayMs({ sockets: 32, agoMs: 4 }), WINDOW_MS);
  assert.equal(flushDelayMs({ sockets: 32, agoMs: 5 }), 0);
  assert.equal(flushDelayMs({ sockets: 320, agoMs: 40 }), WINDOW_MS);
  assert.equal(flushDelayMs({ sockets: 320, agoMs: 41 }), 0);
  assert.equal(flushDelayMs({ sockets: 320, agoMs: Infinity }), 0);
});

Deno.test("a flush covers every marked socket once, at the end of the turn", () => {
  const { flusher, tasks } = scene();
  const flushed: string[] = [];
  for (const name of ["a", "b"]) flusher.mark({ flush: () => flushed.push(name) });
  assert.deepEqual(flushed, []);
  assert.equal(tasks.length, 1);
  tasks.shift()!();
  assert.deepEqual(flushed, ["a", "b"]);
});

Deno.test("a socket that marks itself while it is flushed is flushed again", () => {
  const { flusher, tasks } = scene();
  let times = 0;
  const socket = { flush: () => void (++times === 1 && flusher.mark(socket)) };
  flusher.mark(socket);
  while (tasks.length > 0) tasks.shift()!();
  assert.equal(times, 2);
});

Deno.test("join() encodes the same frames once in a flush, and other frames anew", () => {
  const { flusher, tasks } = scene();
  let joins = 0;
  const codec = {
    join: (frames: readonly Frame[]) => (joins++, frames.join("\n")),
  } as unknown as Codec;
  const payloads: string[] = [];
  for (const frames of [["x", "y"], ["x", "z"], ["x", "z"], ["own", "x"], ["x", "z"]]) {
    flusher.mark({ flush: () => payloads.push(flusher.join(codec, frames).toString("utf8", 2)) });
  }
  tasks.shift()!();
  assert.deepEqual(payloads, ["x\ny", "x\nz", "x\nz", "own\nx", "x\nz"]);
  assert.equal(joins, 3);
});

Deno.test("sizeOf() counts bytes, not characters", () => {
  const { flusher } = scene();
  assert.equal(flusher.sizeOf("añ😀"), 7);
  assert.equal(flusher.sizeOf("abc"), 3);
  assert.equal(flusher.sizeOf(new Uint8Array(5)), 5);
});

function scene() {
  const tasks: (() => void)[] = [];
  const flusher = new Flusher({
    nowMs: () => 0,
    soon: (task) => tasks.push(task),
    later: (task) => (tasks.push(task), () => {}),
  });
  return { flusher, tasks };
}
