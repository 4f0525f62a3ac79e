/**
 * What goes wrong on the bus: with single messages, with one program's connection, with the server.
 *
 * @module
 */

import type { BusClient } from "../model/bus_client.ts";
import type { MessageFault, MessageKind } from "../model/message_faults.ts";
import type { EdgeProcess } from "../real/edge.ts";
import type { World } from "../world.ts";
import type { Action } from "./action.ts";

export const MESSAGE_KINDS: readonly MessageKind[] = [
  "live message",
  "digest",
  "beat",
  "received report",
  "ended report",
  "request",
  "answer",
];
export const MESSAGE_FAULTS: readonly MessageFault[] = ["lost", "doubled", "delayed"];

type Program = Pick<EdgeProcess, "bus" | "process">;

const LONG_MS = 75_000;
const CUT_MS = { least: 50, most: 8_000 };

/** Of one program; it comes back after a while. */
function isolate(what: string, begin: (bus: BusClient) => void): Action["run"] {
  return (world) => {
    const { random } = world;
    const programs = random.chance(0.6) ? world.edges : world.origins;
    const { bus, process } = random.pick<Program>(programs);
    if (!process.alive || bus.status === "disconnected") return;
    world.note(`fault: ${what}`, process.name);
    begin(bus);
    world.heal(random.between(CUT_MS.least, CUT_MS.most), () => {
      // A connection that was silent for a while is found dead, and made anew.
      bus.disconnect();
      bus.reconnect();
    });
  };
}

export const BUS_FAULTS: readonly Action[] = [
  {
    name: "strike a message",
    weight: 14,
    run({ random, models }) {
      const { faults } = models.broker;
      const kind = random.chance(0.4) ? "live message" : random.pick(MESSAGE_KINDS);
      for (let n = 1 + random.int(3); n > 0; n--) faults.order(kind, random.pick(MESSAGE_FAULTS));
    },
  },
  {
    name: "make noise",
    weight: 3,
    run(world) {
      const { random, models } = world;
      world.note("fault: noise");
      const noise = { lost: random.next() * 0.5, doubled: random.next() * 0.2, delayed: 0.3 };
      models.broker.faults.makeNoise(noise);
      world.heal(random.between(500, 10_000), () => models.broker.faults.silence());
    },
  },
  { name: "cut off", weight: 3, run: isolate("cut off", (bus) => bus.disconnect()) },
  {
    // So long that an edge sends its clients elsewhere.
    name: "cut an edge off for long",
    weight: 0.05,
    run(world) {
      const { bus, process } = world.random.pick(world.edges);
      if (!process.alive) return;
      world.note("fault: cut off for long", process.name);
      bus.disconnect();
      world.timeline.advance(LONG_MS);
      bus.reconnect();
    },
  },
  { name: "deafen", weight: 1.5, run: isolate("deafened", (bus) => bus.down.lose()) },
  { name: "mute", weight: 1.5, run: isolate("muted", (bus) => bus.up.lose()) },
  {
    name: "hold back",
    weight: 2,
    run(world) {
      const { random } = world;
      const { bus, process } = random.pick([...world.edges, ...world.origins]);
      if (!process.alive) return;
      world.note("fault: held back", process.name);
      bus.down.hold();
      world.heal(random.between(CUT_MS.least, CUT_MS.most), () => bus.down.open());
    },
  },
  {
    name: "stop the broker",
    weight: 1.5,
    run(world) {
      const { random, models } = world;
      world.note("fault: broker down");
      const all = [...world.edges, ...world.origins];
      for (const { bus } of all) bus.disconnect();
      if (random.chance(0.3)) models.broker.loseStream();
      world.heal(random.between(CUT_MS.least, CUT_MS.most), () => reconnectAll(world));
    },
  },
  {
    name: "delete the stream",
    weight: 1,
    run(world) {
      world.note("fault: stream lost");
      world.models.broker.loseStream();
    },
  },
  {
    name: "fail a reading of the stream",
    weight: 1.5,
    run(world) {
      world.note("fault: stream read fails");
      world.failingReplays++;
    },
  },
];

function reconnectAll({ edges, origins }: World): void {
  for (const { bus } of [...edges, ...origins]) bus.reconnect();
}
