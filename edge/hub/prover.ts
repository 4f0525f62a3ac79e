/**
 * Judging what the hub handed out by what the database committed, and mending what differs.
 *
 * Invariant: `proven` moves to the end of a digest only when every event up to it is in the queues
 * of the connections, and what was revoked up to it is known to them. A read that fails leaves it
 * alone, and the next digest asks again. What takes more than `LIMITS` to make good is given up: it
 * says so, judges nothing until it is told to begin anew, and leaves `proven` where it is. Knows
 * nothing of topics' subscribers; the comparison itself is the ledger's.
 *
 * @module
 */

import type { Digest } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import type { Origin } from "../upstream/origin.ts";
import type { Judgement, Ledger } from "./ledger.ts";
import { type MendDeps, mendTopics } from "./mend.ts";

export interface ProverDeps {
  ledger: Ledger;
  origin: Pick<Origin, "digest" | "mend">;
  hub: MendDeps["hub"] & {
    wakeNamed(digest: Digest): boolean;
    revoke(digest: Digest): void;
    proved(proven: Gsid): void;
  };
  /**
   * Nobody's cursor holds any more, or too much was missed to be made good here: all connections
   * must go, and then `begin` is to be called.
   */
  onLost(why: Loss): void;
  /** Monotonic. */
  now(): number;
  /** Resolves when what was committed just now has come by the fast path, if it comes. */
  grace(): Promise<void>;
  events: ProverEvents;
}

export interface ProverEvents {
  /** A digest was dealt with: how, and how many topics were read because of it. */
  judged(outcome: Outcome, topics: number): void;
}

/** `foreign`: the database is another, or has lost commits; `behind`: beyond `LIMITS`. */
export type Loss = "foreign" | "behind";
export type Outcome = "equal" | "mended" | "gap" | "ignored" | "failed" | Loss;

/**
 * What an edge makes good for all its connections together: events by the topics that they are on,
 * and the time that it takes. Beyond it each connection resumes by itself, here or elsewhere, and
 * reads no more than what concerns it.
 */
const LIMITS = { events: 100_000, ms: 60_000 };

/** Without a digest for so long, the edge asks for one. */
const SILENCE_MS = 10_000;
/** Digests waiting behind one that is being mended; older ones are answered by the next gap. */
export const MAX_WAITING = 16;

export class Prover {
  readonly #deps: ProverDeps;
  #waiting: Digest[] = [];
  #running = false;
  #asking = false;
  #heardMs = -Infinity;
  /** Since when all that was committed is known to have been handed out. */
  #provenMs: number | undefined;
  /** Until all connections have gone. */
  #lost = false;
  /** They have: what the ledger holds counts no longer. */
  #again = false;
  /** What was read since this edge was at the head, and since when it has been reading. */
  #behind: { events: number; sinceMs: number } | undefined;

  constructor(deps: ProverDeps) {
    this.#deps = deps;
  }

  /** Digests are heard, and a first head is known. */
  get ready(): boolean {
    return this.#phase === "proving" && this.#deps.now() - this.#heardMs < SILENCE_MS;
  }

  /** For how long it has not been known that everything was handed out. */
  get ageMs(): number | undefined {
    return this.#provenMs === undefined ? undefined : this.#deps.now() - this.#provenMs;
  }

  /** Digests that wait behind the one that is dealt with. */
  get waiting(): number {
    return this.#waiting.length;
  }

  heard(digest: Digest): void {
    this.#heardMs = this.#deps.now();
    // At once, for what it mends may take long: and so before it is proven, whenever that is.
    this.#deps.hub.revoke(digest);
    this.#waiting.push(digest);
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
    void this.#run();
  }

  /** To be called every second or so: asks when nothing was heard, or nothing is known yet. */
  async tick(): Promise<void> {
    const isSilent = this.#deps.now() - this.#heardMs >= SILENCE_MS;
    if (isSilent || this.#phase === "beginning") await this.ask();
  }

  /** Asks an origin what was committed beyond `proven`. Never throws. */
  async ask(): Promise<void> {
    const { ledger, origin } = this.#deps;
    if (this.#running || this.#asking || this.#phase === "lost") return;
    this.#asking = true;
    try {
      const from = this.#phase === "proving" ? { after: ledger.proven } : {};
      this.heard(await origin.digest(from));
    } catch {
      // Nobody answered: the next tick asks again, and cursors wait meanwhile.
    } finally {
      this.#asking = false;
    }
  }

  /** Takes the next digest for the first one. No subscription may stand. */
  begin(): void {
    this.#lost = false;
    this.#again = true;
    this.#behind = undefined;
  }

  /** The state and the digests that wait, as text. */
  toString(): string {
    const waiting = this.#waiting.map(({ after, upto }) => `(${after},${upto}]`);
    return `${this.#running ? "judges" : "rests"}, ${this.#phase} ${waiting}`;
  }

  get #phase(): "beginning" | "proving" | "lost" {
    if (this.#lost) return "lost";
    return this.#again || this.#deps.ledger.epoch === undefined ? "beginning" : "proving";
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      for (let digest; (digest = this.#waiting.shift());) await this.#judge(digest);
    } finally {
      this.#running = false;
    }
  }

  async #judge(digest: Digest): Promise<void> {
    try {
      if (this.#phase === "beginning") this.#begin(digest);
      else if (this.#phase === "proving") await this.#settle(digest, await this.#verdict(digest));
    } catch {
      this.#deps.events.judged("failed", 0);
      // What waits would only find the gap that this leaves, and fail again at once.
      this.#waiting.length = 0;
      this.#behind = undefined;
    }
  }

  #begin({ upto, epoch }: Digest): void {
    this.#deps.ledger.begin(upto, epoch);
    this.#again = false;
    this.#provenMs = this.#deps.now();
  }

  async #settle(digest: Digest, verdict: Judgement): Promise<void> {
    switch (verdict.kind) {
      case "ignore":
        // Nothing was committed since: that is as good as what is equal.
        if (digest.upto === this.#deps.ledger.proven) this.#provenMs = this.#deps.now();
        return this.#deps.events.judged("ignored", 0);
      case "equal":
        return this.#prove(digest, "equal", 0);
      case "differs": {
        const topics = [...new Set(verdict.topics.map((each) => each.topic))];
        await mendTopics(this.#deps, topics, verdict);
        return this.#prove(digest, "mended", topics.length);
      }
      case "gap":
        return await this.#askFor(verdict.after, digest);
      case "foreign epoch":
        return this.#lose("foreign");
    }
  }

  async #askFor(after: Gsid, waiting: Digest): Promise<void> {
    const { origin, events, now } = this.#deps;
    events.judged("gap", 0);
    this.#behind ??= { events: 0, sinceMs: now() };
    if (now() - this.#behind.sinceMs > LIMITS.ms) return this.#lose("behind");
    const asked = await origin.digest({ after });
    this.#deps.hub.revoke(asked);
    this.#behind.events += asked.topics.reduce((sum, [, count]) => sum + count, 0);
    if (this.#behind.events > LIMITS.events) return this.#lose("behind");
    // Behind a cut one there is a gap still, and it is asked for as soon as this is proven.
    this.#waiting.unshift(...(asked.more ? [asked, waiting] : [asked]));
  }

  #lose(why: Loss): void {
    this.#lost = true;
    this.#waiting.length = 0;
    this.#deps.events.judged(why, 0);
    this.#deps.onLost(why);
  }

  /** Of what a digest misses most is on its way still: it ends at the very head of the log. */
  async #verdict(digest: Digest): Promise<Judgement> {
    const verdict = this.#compare(digest);
    if (verdict.kind !== "differs") return verdict;
    await this.#deps.grace();
    return this.#compare(digest);
  }

  /** Idle groups that it names are heard from now on: they differ, and are read with the others. */
  #compare(digest: Digest): Judgement {
    const { ledger, hub } = this.#deps;
    const verdict = ledger.judge(digest);
    const counts = verdict.kind === "equal" || verdict.kind === "differs";
    return counts && hub.wakeNamed(digest) ? ledger.judge(digest) : verdict;
  }

  #prove({ upto, more }: Digest, outcome: "equal" | "mended", topics: number): void {
    if (!more) {
      this.#behind = undefined;
      this.#provenMs = this.#deps.now();
    }
    this.#deps.ledger.prove(upto);
    this.#deps.hub.proved(upto);
    this.#deps.events.judged(outcome, topics);
  }
}
