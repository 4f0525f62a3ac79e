import assert from "node:assert/strict";
import { MAX_TRIES, retry, type RetryOptions } from "./retry.ts";

/** Reads that fail so often before they succeed, and what came of it. */
async function read(failures: number, options: Partial<RetryOptions> = {}) {
  let reads = 0, pauses = 0, gaveUp = false;
  const result = await retry(() => {
    return reads++ < failures ? Promise.reject(new Error("no answer")) : Promise.resolve("page");
  }, {
    isOver: () => false,
    pause: () => Promise.resolve(void pauses++),
    giveUp: () => void (gaveUp = true),
    ...options,
  });
  return { result, reads, pauses, gaveUp };
}

Deno.test("retry() waits before each new try, and gives what the first success gives", async () => {
  assert.deepEqual(await read(0), { result: "page", reads: 1, pauses: 0, gaveUp: false });
  assert.deepEqual(await read(7), { result: "page", reads: 8, pauses: 7, gaveUp: false });
});

Deno.test("retry() bears a database that is away for 24 s, and gives up in the end", async () => {
  const leastPauseMs = 250;
  assert.ok((MAX_TRIES - 1) * leastPauseMs >= 24_000);
  const last = await read(MAX_TRIES - 1);
  assert.deepEqual([last.result, last.gaveUp], ["page", false]);
  const ended = await read(MAX_TRIES);
  assert.deepEqual([ended.result, ended.reads, ended.gaveUp], [undefined, MAX_TRIES, true]);
});

Deno.test("retry() stops as soon as nobody waits any more", async () => {
  let over = false;
  const pause = () => Promise.resolve(void (over = true));
  const ended = await read(5, { isOver: () => over, pause });
  assert.deepEqual([ended.result, ended.reads, ended.gaveUp], [undefined, 1, false]);
  const late = await read(0, { isOver: () => true });
  assert.deepEqual([late.result, late.reads], [undefined, 0]);
});
