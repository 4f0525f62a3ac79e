/**
 * A device comes back after 500 events, and its connection is cut while it catches up: after the
 * first bytes, before the last ones, and at even distances between.
 *
 * @module
 */

import { type Format, FORMATS } from "testing/sdk.ts";
import type { Inspector } from "../../faults/connection.ts";
import { TcpProxy } from "../../faults/tcp_proxy.ts";
import { waitUntil } from "../../services/wait_until.ts";
import type { App } from "../load/app.ts";
import type { Cursor, DeviceHistory } from "../history/entry.ts";
import type { Part } from "../part.ts";
import { Stage } from "../stage.ts";

const CUTS = 50, MISSED = 500;
const AT_ONCE = 10, COMPLETE_MS = 30_000;
const READER = "reader", BODY = "x".repeat(100);

export const resume: Part = {
  name: "resume",
  about: `${CUTS} devices miss ${MISSED} events and are cut while they catch up`,
  minutes: 1,
  async run(context) {
    await using stage = await Stage.start(context);
    const watcher = stage.population.guest(READER, "watcher");
    watcher.start();
    await stage.population.untilConnected([watcher]);
    const reader = { stage, since: watcher.cursor! };
    await missEvents(stage);
    const bytesOf = {
      json: await bytesOfCatchUp(reader, "json"),
      protobuf: await bytesOfCatchUp(reader, "protobuf"),
    };
    const cuts: number[] = [];
    for (let first = 0; first < CUTS; first += AT_ONCE) {
      const cutting = Array.from({ length: AT_ONCE }, (_, k) => {
        const format = FORMATS[k % FORMATS.length]!;
        const point = (first + k + 0.5) / CUTS;
        return cutCatchUp(reader, format, Math.floor(point * bytesOf[format]));
      });
      cuts.push(...await Promise.all(cutting));
      context.report(`${cuts.length} of ${CUTS} devices have caught up`);
    }
    return await stage.settle({
      cut_points: CUTS,
      cuts_in_catch_up: cuts.reduce((sum, n) => sum + n, 0),
    });
  },
};

interface Reader {
  stage: Stage;
  /** Where its devices come back from. */
  since: Cursor;
}

async function missEvents({ population }: Stage): Promise<void> {
  const senders = population.apps.slice(0, AT_ONCE);
  await Promise.all(senders.map(async (sender, s) => {
    for (let i = 0; i < MISSED / senders.length; i++) {
      await sender.send({ user: READER }, `missed-${s}-${i}`, { text: `${i} ${BODY}` });
    }
  }));
}

/** What passes until a device that nobody cuts has everything. */
async function bytesOfCatchUp(reader: Reader, format: Format): Promise<number> {
  const scissors = new Scissors(Infinity);
  await using proxy = new TcpProxy(edgeOf(reader.stage), scissors);
  const device = startReader(reader, [socketOf(reader.stage, proxy)], format);
  await untilComplete(device);
  device.stop();
  return scissors.bytes;
}

/** Its first two connections end after so many bytes. Gives how often that was too early. */
async function cutCatchUp(reader: Reader, format: Format, bytes: number): Promise<number> {
  const { stage } = reader;
  const scissors = new Scissors(bytes);
  await using proxy = new TcpProxy(edgeOf(stage), scissors);
  const proxied = socketOf(stage, proxy), direct = stage.system.state.edges[1]!.ws;
  await untilComplete(startReader(reader, [proxied, proxied, direct], format));
  if (scissors.cuts === 0) throw new Error(`Cannot cut after ${bytes} bytes: it was complete`);
  return scissors.cuts;
}

/** Cuts each connection after so many bytes to the client. */
class Scissors {
  cuts = 0;
  /** To all clients. */
  bytes = 0;
  readonly #after: number;

  constructor(after: number) {
    this.#after = after;
  }

  readonly inspector = (): Inspector => {
    let left = this.#after;
    return {
      inspect: (way, bytes) => {
        if (way === "toServer") return { pass: bytes, cut: false };
        const pass = bytes.subarray(0, left);
        this.bytes += pass.length;
        left -= pass.length;
        if (left === 0) this.cuts++;
        return { pass, cut: left === 0 };
      },
    };
  };
}

function startReader({ stage, since }: Reader, edges: string[], format: Format): App {
  const { population } = stage;
  const name = `device-${population.guests.length}`;
  const device = population.guest(READER, name, { edges, format });
  device.start(since);
  return device;
}

function untilComplete({ device, history }: App): Promise<true> {
  return waitUntil(() => has(history, MISSED) || undefined, {
    what: `${device} to have caught up`,
    withinMs: COMPLETE_MS,
    everyMs: 20,
  });
}

function edgeOf({ system }: Stage): { hostname: string; port: number } {
  const { hostname, port } = new URL(system.state.edges[0]!.ws);
  return { hostname, port: Number(port) };
}

function socketOf({ system }: Stage, { address }: TcpProxy): string {
  const { pathname } = new URL(system.state.edges[0]!.ws);
  return `ws://${address.hostname}:${address.port}${pathname}`;
}

function has({ entries }: DeviceHistory, events: number): boolean {
  const gsids = entries.flatMap((entry) => entry.kind === "event" ? entry.content.gsid : []);
  return new Set(gsids).size >= events;
}
