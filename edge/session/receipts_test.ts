import assert from "node:assert/strict";
import { Receipts } from "./receipts.ts";

Deno.test("position is what was proven at no more frames than were confirmed", () => {
  const receipts = new Receipts();
  receipts.proved(100, 0);
  assert.equal(receipts.position, 100);
  receipts.queued(150, 1);
  receipts.pinged(2);
  receipts.queued(160, 3);
  receipts.proved(160, 3);
  receipts.ponged();
  // 160 may still lie behind the ping: the pong says nothing of it.
  assert.equal(receipts.position, 100);
  assert.equal(receipts.open, true);
  receipts.acked(160);
  assert.equal(receipts.position, 160);
  assert.equal(receipts.open, false);
});

Deno.test("an ack of a later gsid does not cover an earlier one that is behind it in the socket", () => {
  const receipts = new Receipts();
  // Handed 2, then 1; only then was everything up to 2 proven.
  receipts.queued(2, 1);
  receipts.queued(1, 2);
  receipts.proved(2, 2);
  receipts.acked(2);
  assert.equal(receipts.position, 0);
  receipts.acked(1);
  assert.equal(receipts.position, 2);
});

Deno.test("a value that is proven while nothing is owed counts at once", () => {
  const receipts = new Receipts();
  receipts.queued(5, 1);
  receipts.acked(5);
  receipts.proved(7, 1);
  assert.equal(receipts.position, 7);
});

Deno.test("what is remembered of events and marks is bounded", () => {
  const receipts = new Receipts();
  for (let i = 1; i <= 5_000; i++) receipts.queued(i, i);
  receipts.proved(5_000, 5_000);
  receipts.acked(1);
  assert.equal(receipts.position, 0);
  receipts.acked(5_000);
  assert.equal(receipts.position, 5_000);
});

Deno.test("news is a position that passed an event, also long after that was confirmed", () => {
  const receipts = new Receipts();
  receipts.proved(100, 0);
  assert.equal(receipts.hasNews, false, "nobody asks for it");
  receipts.queued(150, 1);
  receipts.acked(150);
  assert.equal(receipts.tell(), 100);
  assert.equal(receipts.hasNews, false);
  receipts.proved(160, 1);
  assert.equal(receipts.hasNews, true);
  assert.equal(receipts.tell(), 160);
  receipts.proved(200, 1);
  assert.equal(receipts.hasNews, false);
});
