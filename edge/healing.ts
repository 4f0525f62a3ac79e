/**
 * What an edge does about messages that it was never brought: the stream is read again, digests
 * judge, and what is too much for one edge is left to each connection's own resume.
 *
 * Invariant: the stream comes first, since it costs the database nothing, and is never believed:
 * only a digest proves. Knows nothing of topics or of sockets.
 *
 * @module
 */

import type { Bus } from "shared/bus/bus.ts";
import { ANNOUNCE, decodeMessage, type Digest } from "shared/bus/requests.ts";
import type { Turns } from "shared/turns.ts";
import type { Hub } from "./hub/hub.ts";
import type { Ledger } from "./hub/ledger.ts";
import { type Loss, Prover, type ProverEvents } from "./hub/prover.ts";
import { Replay, type ReplayDeps, type ReplayEvents } from "./hub/replay.ts";
import type { Origin } from "./upstream/origin.ts";

export interface HealingDeps {
  bus: Pick<Bus, "subscribe" | "onStatus">;
  origin: Pick<Origin, "digest" | "mend">;
  hub: Hub;
  ledger: Ledger;
  /** Hands on what the stream has kept since then (ms since 1970). */
  replay: ReplayDeps["read"];
  /** Ends all connections, a few at a time; resolves when none is left. */
  endAll(): Promise<void>;
  /** Monotonic. */
  now(): number;
  turns: Pick<Turns, "later">;
  events: HealingEvents;
  onFault(what: string, error?: unknown): void;
}

export interface HealingEvents extends ProverEvents, ReplayEvents {
  /** The connection to the bus: whatever was on its way is lost. */
  busLost(): void;
}

/** Many times what the fast path takes, and little of the 5 s in which a loss is mended. */
const GRACE_MS = 250;
const LOST: Record<Loss, string> = {
  foreign: "The database is another: all clients start over",
  behind: "Too much was missed to be made good here: all clients resume",
};

export class Healing {
  readonly #deps: HealingDeps;
  readonly #prover: Prover;
  readonly #replay: Replay;

  constructor(deps: HealingDeps) {
    const { ledger, hub } = deps;
    this.#deps = deps;
    this.#prover = new Prover({
      ...deps,
      grace: () => this.#grace(),
      onLost: (why) => void this.#startAfresh(why),
    });
    this.#replay = new Replay({
      read: deps.replay,
      mend: (topic, live) => hub.mend(topic, live, "stream"),
      proven: () => ledger.epoch === undefined ? undefined : ledger.proven,
      events: {
        replayed: (messages) => deps.events.replayed(messages),
        notReplayed(error) {
          deps.events.notReplayed(error);
          deps.onFault("The stream could not be read again", error);
        },
      },
    });
  }

  /** Digests are heard, and cursors can be given. */
  get ready(): boolean {
    return this.#prover.ready;
  }

  /** For how long it has not been known that everything was handed out. */
  get provenAgeMs(): number | undefined {
    return this.#prover.ageMs;
  }

  /** Digests that wait behind one that is being mended. */
  get waiting(): number {
    return this.#prover.waiting;
  }

  start(): void {
    const { bus, events } = this.#deps;
    bus.subscribe(ANNOUNCE.digest, ({ data }) => this.heard(decodeMessage<Digest>(data)));
    bus.onStatus((status) => {
      if (status === "connected") void this.#heal();
      else events.busLost();
    });
  }

  heard(digest: Digest): void {
    this.#prover.heard(digest);
  }

  stop(): void {
    this.#replay.stop();
  }

  /** To be called every second. */
  tick(): Promise<void> {
    return this.#prover.tick();
  }

  /** Of what a digest misses most is on its way still, or being read from the stream. */
  async #grace(): Promise<void> {
    await new Promise<void>((resolve) => void this.#deps.turns.later(resolve, GRACE_MS));
    await this.#replay.settled();
  }

  async #heal(): Promise<void> {
    await this.#replay.start();
    await this.#prover.ask();
  }

  async #startAfresh(why: Loss): Promise<void> {
    const { endAll, onFault } = this.#deps;
    onFault(LOST[why]);
    await endAll();
    this.#prover.begin();
    await this.#prover.ask();
  }
}
