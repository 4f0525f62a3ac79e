/**
 * A provider of push notifications, with its moods.
 *
 * Invariant: it remembers every note that it took; what it answers is one of a gateway's outcomes.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import type { Outcome, Platform, PushGateway } from "origin/push/gateway/gateway.ts";
import type { Note } from "origin/push/note.ts";
import type { Chronicle } from "./chronicle.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";

export type ProviderFault = "down" | "throttled" | "token gone" | "note refused" | "slow";

export interface PushProviderDeps {
  random: Random;
  chronicle: Chronicle;
  onTaken(user: UserId, gsid: Gsid): void;
}

const LATENCY_MS = { least: 5, most: 60 };
const SLOW_MS = 4_000;

export class PushProvider {
  readonly #deps: PushProviderDeps;
  #ordered: ProviderFault[] = [];
  #down = false;

  constructor(deps: PushProviderDeps) {
    this.#deps = deps;
  }

  order(fault: ProviderFault): void {
    this.#ordered.push(fault);
  }

  goDown(): void {
    this.#down = true;
  }

  recover(): void {
    this.#down = false;
    this.#ordered = [];
  }

  /** As one origin reaches it. */
  gateway(platform: Platform, process: Process): PushGateway {
    return {
      platform,
      send: (_target, note) => this.#send(process, note),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  #send(process: Process, note: Note): Promise<Outcome> {
    const { random, chronicle, onTaken } = this.#deps;
    const fault = this.#down ? "down" : this.#ordered.shift();
    if (fault) chronicle.note(`fault: push ${fault}`);
    const slowMs = fault === "slow" ? SLOW_MS : 0;
    return new Promise((resolve) => {
      process.after(random.between(LATENCY_MS.least, LATENCY_MS.most) + slowMs, () => {
        const outcome = outcomeOf(fault);
        if (outcome.kind === "sent") onTaken(note.user, note.gsid);
        resolve(outcome);
      });
    });
  }
}

function outcomeOf(fault: ProviderFault | undefined): Outcome {
  switch (fault) {
    case "down":
      return { kind: "retry", reason: "unavailable", scope: "provider" };
    case "throttled":
      return { kind: "retry", reason: "too many", scope: "provider", afterMs: 2_000 };
    case "token gone":
      return { kind: "prune", reason: "unregistered" };
    case "note refused":
      return { kind: "fail", reason: "refused" };
    default:
      return { kind: "sent" };
  }
}
