import assert from "node:assert/strict";
import type { Codec, Frame } from "shared/wire/codec.ts";
import type { Close } from "shared/wire/codes.ts";
import type { Socket } from "../socket/socket.ts";
import { Outlet } from "./outlet.ts";

function scene(maxBytes = 400) {
  const closes: number[] = [];
  const sent: Frame[] = [];
  const socket = {
    codec: { push: (event: string, offset?: number) => `${event} ${offset}` } as Codec,
    queuedBytes: 0,
    framesQueued: 0,
    send(frame: Frame, elsewhere = 0) {
      if (socket.queuedBytes + elsewhere + frame.length > maxBytes) return false;
      socket.queuedBytes += frame.length;
      socket.framesQueued = sent.push(frame);
      return true;
    },
  };
  const outlet = new Outlet(
    socket as Partial<Socket> as Socket,
    maxBytes,
    ({ code }: Close) => closes.push(code),
  );
  return { outlet, socket, sent, closes };
}

Deno.test("a catch-up waits when a quarter of what may wait does", () => {
  const { outlet } = scene();
  outlet.sendEvent(16, "x".repeat(100), 16, 0);
  assert.deepEqual([outlet.isFull, outlet.roomBytes], [false, 300]);
  outlet.sendEvent(32, "x", 32, 0);
  assert.equal(outlet.isFull, true);
});

Deno.test("what waits elsewhere counts: beyond the bound the client is closed as slow", () => {
  const { outlet, closes, sent } = scene();
  outlet.sendEvent(16, "x".repeat(200), 16, 100);
  outlet.sendEvent(32, "x".repeat(101), 32, 100);
  assert.deepEqual([sent.length, closes, outlet.lastOffset], [1, [3008], 16]);
});

Deno.test("a cursor is sent to a client that lags, and only to one", () => {
  const { outlet, sent } = scene();
  outlet.sendEvent(16, "event", 16, 0);
  outlet.sendCursor(16);
  outlet.sendCursor(32);
  outlet.sendCursor(32);
  assert.deepEqual(sent, ["event", `{"type":"cursor"} 32`]);
});
