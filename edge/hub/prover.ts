/**
 * Judging what the hub handed out by what the database committed, and mending what differs.
 *
 * Invariant: `proven` moves to the end of a digest only when every event up to it is in the queues
 * of the connections. A read that fails leaves it alone, and the next digest asks again. Knows
 * nothing of topics' subscribers; the comparison itself is the ledger's.
 *
 * @module
 */

import type { Live } from "shared/bus/live.ts";
import type { Digest } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import type { TopicKey } from "shared/topic.ts";
import type { Origin } from "../upstream/origin.ts";
import type { Judgement, Ledger } from "./ledger.ts";

export interface ProverDeps {
  ledger: Ledger;
  origin: Pick<Origin, "digest" | "mend">;
  hub: {
    wakeNamed(digest: Digest): boolean;
    mend(topic: TopicKey, live: Live): void;
    settled(): Promise<void>;
    proved(proven: Gsid): void;
  };
  /** The database is another, or has lost commits: nobody's cursor holds any more. */
  onForeignEpoch(): void;
  now(): number;
  /** Resolves when what was committed just now has come by the fast path, if it comes. */
  grace(): Promise<void>;
  events: ProverEvents;
}

export interface ProverEvents {
  /** A digest was dealt with: how, and how many topics were read because of it. */
  judged(outcome: "equal" | "mended" | "ignored" | "failed" | "foreign", topics: number): void;
}

/** Topics that one read asks for: one event of the largest kind on all of them fits a message. */
const TOPICS_PER_READ = 32;
/** Without a digest for so long, the edge asks for one. */
const SILENCE_MS = 10_000;
/** Digests waiting behind one that is being mended; older ones are answered by the next gap. */
export const MAX_WAITING = 16;

export class Prover {
  readonly #deps: ProverDeps;
  #waiting: Digest[] = [];
  #running = false;
  #heardMs = -Infinity;

  constructor(deps: ProverDeps) {
    this.#deps = deps;
  }

  /** Digests are heard, and a first head is known. */
  get ready(): boolean {
    const { ledger, now } = this.#deps;
    return ledger.epoch !== undefined && now() - this.#heardMs < SILENCE_MS;
  }

  /** Digests that wait behind the one that is dealt with. */
  get waiting(): number {
    return this.#waiting.length;
  }

  heard(digest: Digest): void {
    this.#heardMs = this.#deps.now();
    this.#waiting.push(digest);
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
    void this.#run();
  }

  /** To be called every second or so: asks when nothing was heard, or nothing is known yet. */
  async tick(): Promise<void> {
    const { ledger, now, origin } = this.#deps;
    if (this.#running) return;
    const begun = ledger.epoch !== undefined;
    if (begun && now() - this.#heardMs < SILENCE_MS) return;
    try {
      this.heard(await origin.digest(begun ? { after: ledger.proven } : {}));
    } catch {
      // Nobody answered: the next tick asks again, and cursors wait meanwhile.
    }
  }

  /** The digests being judged and waiting, as text. */
  toString(): string {
    const waiting = this.#waiting.map(({ after, upto }) => `(${after},${upto}]`);
    return `${this.#running ? "judges" : "rests"} ${waiting}`;
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
    const { ledger, events, origin, onForeignEpoch } = this.#deps;
    try {
      if (ledger.epoch === undefined) return ledger.begin(digest.upto, digest.epoch);
      const verdict = await this.#verdict(digest);
      if (verdict.kind === "foreign epoch") {
        events.judged("foreign", 0);
        onForeignEpoch();
        ledger.begin(digest.upto, digest.epoch);
      } else if (verdict.kind === "ignore") events.judged("ignored", 0);
      else if (verdict.kind === "equal") this.#prove(verdict.upto, "equal", 0);
      else if (verdict.kind === "differs") {
        const topics = [...new Set(verdict.topics.map((each) => each.topic))];
        await this.#mend(topics, verdict.after, verdict.upto);
        this.#prove(verdict.upto, "mended", topics.length);
      } else {
        const asked = await origin.digest({ after: verdict.after });
        // Behind a cut one there is a gap still, and it is asked for as soon as this is proven.
        this.#waiting.unshift(...(asked.more ? [asked, digest] : [asked]));
      }
    } catch {
      events.judged("failed", 0);
      // What waits would only find the gap that this leaves, and fail again at once.
      this.#waiting.length = 0;
    }
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

  #prove(upto: Gsid, outcome: "equal" | "mended", topics: number): void {
    this.#deps.ledger.prove(upto);
    this.#deps.hub.proved(upto);
    this.#deps.events.judged(outcome, topics);
  }

  async #mend(topics: TopicKey[], after: Gsid, upto: Gsid): Promise<void> {
    for (let i = 0; i < topics.length; i += TOPICS_PER_READ) {
      await this.#read(topics.slice(i, i + TOPICS_PER_READ), after, upto);
    }
    await this.#deps.hub.settled();
  }

  async #read(topics: TopicKey[], after: Gsid, upto: Gsid): Promise<void> {
    for (let from: Gsid | undefined = after; from !== undefined;) {
      const page: Awaited<ReturnType<Origin["mend"]>> = await this.#deps.origin.mend({
        topics,
        after: from,
        upto,
      });
      page.events.forEach((live, i) => {
        const topic = topics[page.header.topics[i]!];
        if (topic !== undefined) this.#deps.hub.mend(topic, live);
      });
      from = page.header.after;
    }
  }
}
