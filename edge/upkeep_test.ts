import assert from "node:assert/strict";
import { testTurns } from "testing/turns.ts";
import { CLOSES } from "shared/wire/codes.ts";
import type { Delivery } from "./delivery.ts";
import { PATIENCE_MS } from "./isolation.ts";
import { startUpkeep } from "./upkeep.ts";

function scene() {
  const turns = testTurns();
  const seen = { ticks: 0, hopeless: 0, faults: 0, released: [] as unknown[] };
  let goesOn: (() => boolean) | undefined;
  const delivery = {
    reachable: true,
    tick: () => (seen.ticks++, Promise.resolve()),
    connections: {
      size: 3,
      release(close: unknown, _overMs: number, goOn: () => boolean) {
        seen.released.push(close);
        goesOn = goOn;
        return new Promise<void>(() => {});
      },
    },
  };
  const stop = startUpkeep({
    delivery: delivery as unknown as Delivery,
    turns,
    onHopeless: () => seen.hopeless++,
    onFault: () => seen.faults++,
  });
  return { turns, delivery, seen, stop, goesOn: () => goesOn?.() };
}

Deno.test("upkeep goes round every second, even after a round that failed", async () => {
  const { turns, delivery, seen, stop } = scene();
  delivery.tick = () => (seen.ticks++, Promise.reject(new Error("no answer")));
  turns.advance(3000);
  await Promise.resolve();
  assert.equal(seen.ticks, 4);
  stop();
  turns.advance(3000);
  assert.equal(seen.ticks, 4);
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(seen.faults, 3);
});

Deno.test("clients of an edge that is cut off for long are sent elsewhere, until it hears again", () => {
  const { turns, delivery, seen, stop, goesOn } = scene();
  delivery.reachable = false;
  turns.advance(PATIENCE_MS);
  assert.deepEqual(seen.released, []);
  turns.advance(5000);
  assert.deepEqual(seen.released, [CLOSES.shutdown], "once, however long it lasts");
  assert.equal(seen.hopeless, 1);
  assert.equal(goesOn(), true);
  delivery.reachable = true;
  assert.equal(goesOn(), false);
  stop();
});

Deno.test("an edge without clients has nobody to send elsewhere", () => {
  const { turns, delivery, seen, stop } = scene();
  delivery.reachable = false;
  delivery.connections.size = 0;
  turns.advance(2 * PATIENCE_MS);
  assert.equal(seen.hopeless, 0);
  stop();
});
