import assert from "node:assert/strict";
import type { Command } from "shared/wire/codec.ts";
import { CommandMeter } from "./command_meter.ts";

const RATE = { perS: 10, burst: 40 };
const ping: Command = { verb: "ping", id: 1 };
const pong: Command = { verb: "pong" };
const ack: Command = { verb: "send", data: { type: "ack", gsid: 1 } };
const connect: Command = { verb: "connect", id: 1, token: "t", data: null };

/** How many in a row are judged so before another ruling comes. */
function inARow(meter: CommandMeter, command: Command, ruling: string, nowMs = 0): number {
  let count = 0;
  while (count < 10_000 && meter.judge(command, nowMs) === ruling) count++;
  return count;
}

Deno.test("judge() takes a burst, refuses five more, and then ends the connection", () => {
  const meter = new CommandMeter(RATE);
  assert.equal(inARow(meter, ping, "take"), 40);
  // One was refused in finding out that the burst is over.
  assert.equal(inARow(meter, ping, "refuse"), 199);
  assert.equal(meter.judge(ping, 0), "end");
});

Deno.test("judge() takes the rate for ever", () => {
  const meter = new CommandMeter(RATE);
  for (let i = 0; i < 1_000; i++) assert.equal(meter.judge(ping, i * 100), "take");
});

Deno.test("judge() counts a token for ten and an ack for a tenth, and a pong for nothing", () => {
  assert.equal(inARow(new CommandMeter(RATE), connect, "take"), 4);
  assert.equal(inARow(new CommandMeter(RATE), ack, "take"), 400);
  const spent = new CommandMeter(RATE);
  inARow(spent, ping, "take");
  assert.equal(inARow(spent, pong, "take"), 10_000);
});

Deno.test("judge() takes a connect at the lowest rate", () => {
  const lowest = { perS: 1, burst: 4 };
  assert.equal(inARow(new CommandMeter(lowest), connect, "take"), 1);
});

Deno.test("a rate of 0 takes everything", () => {
  assert.equal(inARow(new CommandMeter({ perS: 0, burst: 1 }), connect, "take"), 10_000);
});
