/**
 * Clients that read nothing, or a little, of much that is sent to them.
 *
 * @module
 */

import { CLOSES } from "shared/wire/codes.ts";
import { gauge } from "../../gauge.ts";
import type { App } from "../../load/app.ts";
import { residentMib } from "../../memory.ts";
import { PresenceProbe } from "../../presence_probe.ts";
import type { Outside } from "./scene.ts";
import { type Pace, SlowClients } from "./slow_client.ts";

export const SLOW_CLIENTS = 100;
const EDGE = "edge-0";
const TEXT = "x".repeat(15_000);
/** Less than what one user may send. Fast enough to be seen as slow before the pong is overdue. */
const SENDS_PER_S = 40, UNANSWERED = 40;
const READING_MS = 5_000, FLOOD_MS = 40_000, OFFLINE_MS = 20_000;
const LOOK_MS = 500;
/** What may wait for one client before it is closed, and what a connection costs besides. */
const QUEUE_MIB = 1 + 64 / 1_024;

export const SLOW_LIMITS = {
  slow_left_open: 0,
  // Where the flood is slow, the ping finds all of them first.
  slow_closed_as_silent: SLOW_CLIENTS - 1,
  slow_memory_grown_max_mib: Math.ceil(SLOW_CLIENTS * QUEUE_MIB),
};

export async function floodSlowClients(scene: Outside): Promise<void> {
  const { stage, notes } = scene;
  const flooder = stage.population.guest("flooder", "phone");
  flooder.start();
  await stage.population.untilConnected([flooder]);
  const readingMib = await floodReaders(scene, flooder);

  await using clients = await connect(scene, "slow", (k) => k % 2 === 0 ? "a little" : "nothing");
  const flood = await Flood.begin(flooder, "slow-group", clients.users);
  const from = stage.now();
  const before = await closes(scene);
  let left = SLOW_CLIENTS;
  try {
    while (left > 0 && stage.now() < from + FLOOD_MS) {
      notes.max("slow_memory_grown_max_mib", await highestMemory(scene, LOOK_MS) - readingMib);
      const now = await closes(scene);
      left = SLOW_CLIENTS - (now.slow + now.silent - before.slow - before.silent);
      notes.max("slow_closed_as_slow", now.slow - before.slow);
      notes.max("slow_closed_as_silent", now.silent - before.silent);
    }
  } finally {
    await flood.end();
  }
  notes.span("beside_slow", { from, to: stage.now() });
  notes.count("slow_clients", SLOW_CLIENTS);
  notes.count("slow_left_open", left);
  const probe = new PresenceProbe(stage.system);
  for (const user of clients.users) await probe.untilOrigins("offline", user, OFFLINE_MS);
  await clients.untilEnded();
  flooder.stop();
}

/** What the same flood costs when everybody reads. */
async function floodReaders(scene: Outside, flooder: App): Promise<number> {
  await using clients = await connect(scene, "quick", () => "all");
  const flood = await Flood.begin(flooder, "quick-group", clients.users);
  try {
    return await highestMemory(scene, READING_MS);
  } finally {
    await flood.end();
  }
}

function connect({ stage: { system } }: Outside, name: string, pace: (k: number) => Pace) {
  const { ws } = system.state.edges.find(({ id }) => id === EDGE)!;
  const clients = Array.from({ length: SLOW_CLIENTS }, (_, k) => ({
    user: `${name}-${k}`,
    pace: pace(k),
  }));
  return SlowClients.connect(ws, clients, system.state);
}

/**
 * Connections that this edge has closed for being slow, and for not answering its ping: whoever does
 * not read is both, and which of them is seen first depends on how fast it is flooded.
 */
async function closes({ stage: { system } }: Outside) {
  const closed = (code: number) =>
    gauge(system.state, EDGE, `fanfare_edge_disconnects_total{code="${code}"}`, 0);
  const [slow, silent] = await Promise.all([closed(CLOSES.slow.code), closed(CLOSES.noPong.code)]);
  return { slow, silent };
}

async function highestMemory({ stage }: Outside, forMs: number): Promise<number> {
  const { pid } = stage.system.state.edges.find(({ id }) => id === EDGE)!;
  let highest = 0;
  for (const until = stage.now() + forMs; stage.now() < until;) {
    highest = Math.max(highest, (await residentMib([pid])).get(pid) ?? 0);
    await stage.pause(100);
  }
  return highest;
}

/** Long messages to the group, at an even rate, as long as they are answered. */
class Flood {
  readonly #sending = new Set<Promise<void>>();
  readonly #timer: ReturnType<typeof setInterval>;
  #sent = 0;

  private constructor(sender: App, group: string) {
    this.#timer = setInterval(() => {
      if (this.#sending.size >= UNANSWERED) return;
      const send = sender.send({ group }, `${group}-${this.#sent++}`, { text: TEXT })
        .finally(() => this.#sending.delete(send));
      this.#sending.add(send);
    }, 1_000 / SENDS_PER_S);
  }

  static async begin(sender: App, group: string, members: readonly string[]): Promise<Flood> {
    const isThere = await sender.change("group.create", group, [...members]);
    if (!isThere) throw new Error(`Cannot flood ${group}: it was refused`);
    return new Flood(sender, group);
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#sending);
  }
}
