/**
 * Clients that read nothing, or a little, of much that is sent to them.
 *
 * @module
 */

import { type Close, CLOSES } from "shared/wire/codes.ts";
import { RawWebSocket } from "testing/raw_websocket.ts";
import { signToken } from "testing/token.ts";
import { addressOf } from "../../../services/address.ts";
import { gauge } from "../../gauge.ts";
import { residentMib } from "../../memory.ts";
import { PresenceProbe } from "../../presence_probe.ts";
import type { Outside } from "../outside.ts";

export const SLOW_CLIENTS = 100;
const EDGE = "edge-0", GROUP = "slow-group", FLOODER = "flooder";
const TRICKLE_BYTES = 1_024, TRICKLE_EVERY_MS = 1_000;
const TEXT = "x".repeat(15_000);
/** Sends at once; a user may send 50 a second. */
const LANES = 4, FLOOD_MS = 90_000;
const OFFLINE_MS = 20_000;
/** What may wait for one client before it is closed, and what a connection costs besides. */
const QUEUE_MIB = 1 + 64 / 1_024;
/** What the runtime lets lie about of the flood itself before it collects it. */
const GARBAGE_MIB = 32;

export const SLOW_LIMITS = {
  slow_left_open: 0,
  slow_memory_grown_max_mib: Math.ceil(SLOW_CLIENTS * QUEUE_MIB) + GARBAGE_MIB,
};

export async function floodSlowClients(scene: Outside): Promise<void> {
  const { stage, notes } = scene;
  await using clients = await SlowClients.connect(scene);
  const flooder = stage.population.guest(FLOODER, "phone");
  flooder.start();
  await stage.population.untilConnected([flooder]);
  await flooder.change("group.create", GROUP, [...clients.users]);

  const [slowBefore, silentBefore] = await closes(scene);
  const before = await memoryMib(scene);
  const from = stage.now();
  let sent = 0, slow = 0, silent = 0;
  const watching = setInterval(async () => {
    notes.max("slow_memory_grown_max_mib", await memoryMib(scene) - before);
    const [slowNow, silentNow] = await closes(scene);
    [slow, silent] = [slowNow - slowBefore, silentNow - silentBefore];
  }, 500);
  const flood = async () => {
    while (slow + silent < SLOW_CLIENTS && stage.now() < from + FLOOD_MS) {
      await flooder.send({ group: GROUP }, `flood-${sent++}`, { text: TEXT });
      await stage.pause(0);
    }
  };
  try {
    await Promise.all(Array.from({ length: LANES }, flood));
  } finally {
    clearInterval(watching);
  }
  notes.span("beside_slow", stage.recorder.history, { from, to: stage.now() });
  const probe = new PresenceProbe(stage.system);
  for (const user of clients.users) await probe.untilOrigins("offline", user, OFFLINE_MS);
  await clients.untilEnded();
  notes.count("slow_clients", SLOW_CLIENTS);
  notes.count("slow_closed_as_slow", slow);
  notes.count("slow_left_open", SLOW_CLIENTS - slow - silent);
  flooder.stop();
}

/**
 * Connections that this edge has closed for being slow, and for not answering its ping: whoever does
 * not read is both, and which of them is seen first depends on how fast it is flooded.
 */
function closes({ stage: { system } }: Outside): Promise<[slow: number, silent: number]> {
  const closed = ({ code }: Close) =>
    gauge(system.state, EDGE, `fanfare_edge_disconnects_total{code="${code}"}`, 0);
  return Promise.all([closed(CLOSES.slow), closed(CLOSES.noPong)]);
}

async function memoryMib({ stage: { system } }: Outside): Promise<number> {
  const { pid } = system.state.edges.find(({ id }) => id === EDGE)!;
  return (await residentMib([pid])).get(pid) ?? 0;
}

/** Every second one reads a little, the others nothing. */
class SlowClients implements AsyncDisposable {
  readonly users: readonly string[];
  readonly #sockets: readonly RawWebSocket[];
  readonly #trickle: ReturnType<typeof setInterval>;
  #reading: Promise<unknown> = Promise.resolve();

  private constructor(users: readonly string[], sockets: readonly RawWebSocket[]) {
    this.users = users;
    this.#sockets = sockets;
    const readers = sockets.filter((_, k) => k % 2 === 0);
    this.#trickle = setInterval(() => {
      this.#reading = this.#reading.then(() =>
        Promise.all(readers.map((socket) => socket.drink(TRICKLE_BYTES)))
      );
    }, TRICKLE_EVERY_MS);
  }

  static async connect({ stage: { system } }: Outside): Promise<SlowClients> {
    const { ws } = system.state.edges.find(({ id }) => id === EDGE)!;
    const users = Array.from({ length: SLOW_CLIENTS }, (_, k) => `slow-${k}`);
    const sockets = await Promise.all(users.map(async (user) => {
      const { socket } = await RawWebSocket.open(addressOf(ws).port);
      const token = await signToken(user, system.state.token_secret, 3_600);
      await socket.send(JSON.stringify({ id: 1, connect: { token, data: {} } }));
      await socket.read();
      return socket;
    }));
    return new SlowClients(users, sockets);
  }

  /** Each has lost its connection, whatever there was to read before. */
  async untilEnded(): Promise<void> {
    clearInterval(this.#trickle);
    await this.#reading;
    await Promise.all(this.#sockets.map(async (socket) => {
      while (await socket.drink(Infinity));
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#trickle);
    await this.#reading;
    for (const socket of this.#sockets) socket[Symbol.dispose]();
  }
}
