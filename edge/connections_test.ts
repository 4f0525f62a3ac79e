import assert from "node:assert/strict";
import { type TestTurns, testTurns } from "testing/turns.ts";
import type { ConnectionId } from "shared/ids.ts";
import { type Close, CLOSES } from "shared/wire/codes.ts";
import { Connections } from "./connections.ts";
import type { Connection } from "./session/connection.ts";
import type { Socket, SocketHandler } from "./socket/socket.ts";

interface Fake {
  pending: number;
  ticks: number;
  ended: Close | undefined;
  readonly isClosed: boolean;
}

function scene(turns: TestTurns = testTurns()) {
  const fakes: (Fake & { handler: SocketHandler })[] = [];
  const connections = new Connections({
    open() {
      const fake: Fake = {
        pending: 0,
        ticks: 0,
        ended: undefined,
        get isClosed() {
          return this.ended !== undefined;
        },
      };
      fakes.push(fake as Fake & { handler: SocketHandler });
      return Object.assign(fake, {
        tick: () => fake.ticks++,
        end: (close: Close) => fake.ended ??= close,
        leave(close: Close) {
          if (fake.pending === 0) fake.ended ??= close;
        },
        onFrame() {},
        onClose() {},
      }) as unknown as Connection;
    },
    newId: () => "c" as ConnectionId,
    turns,
  });
  const open = (count: number) => {
    for (let i = 0; i < count; i++) {
      const handler = connections.add({} as Socket);
      fakes.at(-1)!.handler = handler;
    }
  };
  return {
    turns,
    connections,
    fakes,
    open,
    ended: () => fakes.filter(({ ended }) => ended).length,
  };
}

Deno.test("every connection is ticked about once a second, a tenth of them at a time", () => {
  const { connections, turns, fakes, open } = scene();
  open(95);
  connections.start();
  turns.advance(100);
  assert.equal(fakes.filter(({ ticks }) => ticks === 1).length, 10);
  turns.advance(9900);
  for (const { ticks } of fakes) assert(ticks >= 9 && ticks <= 11, `${ticks} ticks in 10 s`);
  connections.stop();
});

Deno.test("after a standstill what clients said is read before they are judged", () => {
  const { connections, turns, fakes, open } = scene();
  open(1);
  connections.start();
  const [fake] = fakes as [typeof fakes[0]];
  const standstillMs = 12_000;
  let ticksWhenRead: number | undefined;
  // What arrived meanwhile comes behind the timers that are due.
  turns.later(() => ticksWhenRead = fake.ticks, standstillMs);
  turns.stall(standstillMs);
  assert.equal(ticksWhenRead, 0);
  turns.advance(200);
  assert.equal(fake.ticks, 1);
  connections.stop();
});

Deno.test("a connection whose socket closed is forgotten", () => {
  const { connections, turns, fakes, open } = scene();
  open(2);
  fakes[0]!.handler.onClose({ code: 1000, reason: "" });
  assert.equal(connections.size, 1);
  connections.start();
  turns.advance(2000);
  assert.equal(fakes[0]!.ticks, 0);
  connections.stop();
});

Deno.test("release() ends all evenly over its time, those that wait for an answer last", async () => {
  const { connections, turns, fakes, open, ended } = scene();
  open(100);
  fakes[0]!.pending = 1;
  const released = connections.release(CLOSES.shutdown, 1000);
  assert.equal(ended(), 9);
  await pass(turns, 400);
  assert.equal(ended(), 49);
  await pass(turns, 600);
  assert.equal(ended(), 99);
  // As a connection does that has been told to leave, with its last answer.
  fakes[0]!.ended = CLOSES.shutdown;
  await pass(turns, 100);
  await released;
});

Deno.test("release() waits 5 s for answers, and no longer", async () => {
  const { connections, turns, fakes, open } = scene();
  open(1);
  fakes[0]!.pending = 1;
  const released = connections.release(CLOSES.shutdown, 0);
  await pass(turns, 4900);
  assert.equal(fakes[0]!.ended, undefined);
  await pass(turns, 200);
  await released;
  assert.deepEqual(fakes[0]!.ended, CLOSES.shutdown);
});

Deno.test("release() leaves the rest alone when it need not go on", async () => {
  const { connections, turns, open, ended } = scene();
  open(100);
  let alone = true;
  const released = connections.release(CLOSES.shutdown, 1000, () => alone);
  await pass(turns, 200);
  alone = false;
  await pass(turns, 100);
  await released;
  assert.equal(ended(), 30);
});

/** Lets time pass in small steps, and what waits for it go on in between. */
async function pass(turns: TestTurns, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 20) {
    turns.advance(20);
    await new Promise((resolve) => setTimeout(resolve));
  }
}
