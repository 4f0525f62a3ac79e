/**
 * The presence store: Redis over HTTP, as far as edges write it and origins read it.
 *
 * Invariant: the commands of one request run in their order and at once, when the request arrives;
 * a request that failed may have run. Keys with a time to live are gone after it.
 *
 * @module
 */

import type { PresenceCommand } from "edge/presence/store.ts";
import type { PresenceAnswers, PresenceReader } from "origin/presence/store.ts";
import type { Chronicle } from "./chronicle.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** What can happen to one request. */
export type StoreFault = "refused" | "answer lost" | "slow";
/** What the store says while it is not itself. */
export type Lie = "down" | "stale" | "everybody offline" | "everybody online" | "malformed";

interface Hash {
  fields: Map<string, string>;
  untilMs: number;
}

const LATENCY_MS = { least: 1, most: 12 };
const WRITE_TIMEOUT_MS = 3_000;
const READ_TIMEOUT_MS = 250;

export class Redis {
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #chronicle: Chronicle;
  #hashes = new Map<string, Hash>();
  #replicas = new Map<string, number>();
  #ordered: StoreFault[] = [];
  #lie: Lie | undefined;
  #frozen: { hashes: Map<string, Hash>; replicas: Map<string, number> } | undefined;

  constructor(timeline: Timeline, random: Random, chronicle: Chronicle) {
    this.#timeline = timeline;
    this.#random = random;
    this.#chronicle = chronicle;
  }

  order(fault: StoreFault): void {
    this.#ordered.push(fault);
  }

  /** From now on, until `speakTruth`. */
  startLying(lie: Lie): void {
    this.#lie = lie;
    this.#frozen = {
      hashes: new Map([...this.#hashes].map(([key, { fields, untilMs }]) => [
        key,
        { fields: new Map(fields), untilMs },
      ])),
      replicas: new Map(this.#replicas),
    };
  }

  speakTruth(): void {
    this.#lie = undefined;
    this.#frozen = undefined;
    this.#ordered = [];
  }

  /** Loses everything, as a store without a disk does. */
  wipe(): void {
    this.#hashes.clear();
    this.#replicas.clear();
  }

  /** What is in a hash now. */
  field(key: string, field: string): string | undefined {
    return this.#live(this.#hashes, key)?.fields.get(field);
  }

  pipeline(process: Process, commands: PresenceCommand[]): Promise<unknown[]> {
    return this.#request(process, WRITE_TIMEOUT_MS, () => commands.map((each) => this.#run(each)));
  }

  reader(process: Process): PresenceReader {
    return {
      read: (replicas, fields) =>
        this.#request(process, READ_TIMEOUT_MS, () => this.#read(replicas, fields)),
    };
  }

  #request<Answer>(process: Process, timeoutMs: number, run: () => Answer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { least, most } = LATENCY_MS;
      const latencyMs = () => this.#random.between(least, most) / 2;
      const fault = this.#ordered.shift() ?? (this.#lie === "down" ? "refused" : undefined);
      if (fault && process.alive) this.#chronicle.note(`fault: store ${fault}`);
      const fail = () => reject(new Error("Cannot reach the store"));
      if (fault === "refused") return void process.after(latencyMs(), fail);
      const slowMs = fault === "slow" ? timeoutMs * this.#random.between(0.5, 2) : 0;
      const cancel = process.after(timeoutMs, fail);
      this.#timeline.after(latencyMs() + slowMs, () => {
        const answer = run();
        this.#timeline.after(latencyMs(), () =>
          process.run(() => {
            cancel();
            if (fault === "answer lost") fail();
            else resolve(answer);
          }));
      });
    });
  }

  #run(command: PresenceCommand): unknown {
    const { nowMs } = this.#timeline;
    switch (command[0]) {
      case "HSET":
        return this.#set(command[1], command[2]);
      case "HDEL": {
        const [, key, ...fields] = command;
        const hash = this.#live(this.#hashes, key);
        return fields.filter((field) => hash?.fields.delete(field)).length;
      }
      case "HEXISTS":
        return this.#live(this.#hashes, command[1])?.fields.has(command[2]) ? 1 : 0;
      case "EXPIRE": {
        const hash = this.#live(this.#hashes, command[1]);
        if (hash) hash.untilMs = nowMs + command[2] * 1000;
        return hash ? 1 : 0;
      }
      case "DEL":
        return this.#hashes.delete(command[1]) ? 1 : 0;
      case "ZADD":
        this.#replicas.set(command[3], command[2]);
        return 1;
      case "ZREM":
        return this.#replicas.delete(command[2]) ? 1 : 0;
      case "ZREMRANGEBYSCORE":
        for (const [replica, untilMs] of this.#replicas) {
          if (untilMs >= command[2] && untilMs <= command[3]) this.#replicas.delete(replica);
        }
        return 0;
    }
  }

  #set(key: string, fields: Record<string, string>): number {
    let hash = this.#live(this.#hashes, key);
    if (!hash) this.#hashes.set(key, hash = { fields: new Map(), untilMs: Infinity });
    for (const [field, value] of Object.entries(fields)) hash.fields.set(field, value);
    return 1;
  }

  #read(replicas: readonly string[], fields: readonly string[]): PresenceAnswers {
    const lie = this.#lie;
    const { hashes, replicas: listed } = lie === "stale" && this.#frozen
      ? this.#frozen
      : { hashes: this.#hashes, replicas: this.#replicas };
    return {
      replicas: new Map(listed),
      hashes: replicas.map((replica) => {
        if (lie === "malformed") return "?";
        const hash = this.#live(hashes, `on:${replica}`);
        return fields.map((field, index) => {
          const isMarker = index === 0;
          if (lie === "everybody offline") return isMarker ? "1" : null;
          if (lie === "everybody online") return isMarker ? "1" : `[["ghost","ghost",1]]`;
          return hash?.fields.get(field) ?? null;
        });
      }),
    };
  }

  #live(hashes: Map<string, Hash>, key: string): Hash | undefined {
    const hash = hashes.get(key);
    if (!hash || hash.untilMs > this.#timeline.nowMs) return hash;
    hashes.delete(key);
  }
}
