/**
 * What the population does while faults are made: it sends, changes groups, comes and goes.
 *
 * Invariant: it stops only when everything that it began has been answered, so that nothing which
 * may still happen is overlooked.
 *
 * @module
 */

import { pick, type Random } from "testing/random.ts";
import { waitUntil } from "../../services/wait_until.ts";
import { nameOf } from "../history/evidence.ts";
import type { App, Target } from "./app.ts";
import type { Group, Population } from "./population.ts";
import type { LoadSize } from "./size.ts";

const ANSWERED_MS = 90_000;
const AWAY_MS = { least: 200, most: 15_000 };
const ACK_EVERY_MS = 1_000;
/** Shares of the sends. */
const TO_GROUP = 0.5, TO_STRANGERS = 0.005, SAID_TWICE = 0.01, LONG = 0.05;
const LONG_CHARACTERS = 2_000;

export class Load {
  readonly #population: Population;
  readonly #size: LoadSize;
  readonly #random: Random;
  readonly #begun = new Set<Promise<void>>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #stopped = false;
  #messages = 0;
  #fault: unknown;

  constructor(population: Population, size: LoadSize, random: Random) {
    this.#population = population;
    this.#size = size;
    this.#random = random;
  }

  start(): void {
    this.#often(this.#size.sendsPerS, () => this.#sendSomething());
    this.#often(this.#size.changesPerS, () => this.#changeSomeGroup());
    this.#often(this.#size.absencesPerS, () => this.#sendSomebodyAway());
    // One device in three acknowledges.
    const acking = this.#population.apps.filter((_, i) => i % 3 === 0);
    this.#often(1_000 / ACK_EVERY_MS, () => acking.forEach((app) => app.ack()));
  }

  /** Begins nothing more. */
  halt(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Resolves when everything that was begun is answered, and everybody is back. */
  async stop(): Promise<void> {
    this.halt();
    const all = Promise.all(this.#begun).then(() => true as const);
    let done: true | undefined;
    all.then(() => done = true, () => done = true);
    await waitUntil(() => done, {
      what: "all sends to be answered",
      withinMs: ANSWERED_MS,
      everyMs: 50,
    }).catch((cause) => {
      const waiting = this.#population.all.filter(({ pending }) => pending > 0);
      const names = waiting.slice(0, 5).map(nameOf).join(", ");
      throw new Error(`Cannot stop the load: ${this.#begun.size} are not answered: ${names}`, {
        cause,
      });
    });
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** At random times, so many a second on average. */
  #often(perS: number, act: () => void): void {
    if (perS <= 0) return;
    const next = () => {
      const waitMs = -Math.log(1 - this.#random()) * 1_000 / perS;
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        if (this.#stopped) return;
        next();
        act();
      }, waitMs);
      this.#timers.add(timer);
    };
    next();
  }

  #begin(action: Promise<void>): void {
    const caught = action.catch((fault) => void (this.#fault ??= fault));
    this.#begun.add(caught);
    caught.finally(() => this.#begun.delete(caught));
  }

  #sendSomething(): void {
    const app = this.#somebody();
    if (!app) return;
    const id = `m${++this.#messages}`;
    const body = { text: this.#words(id) };
    const target = this.#target(app.user);
    this.#begin(app.send(target, id, body));
    if (this.#random() > SAID_TWICE) return;
    // As an app does that does not trust its network: under the same id, by another way.
    const other = this.#population.appsOf(app.user).find((one) => one !== app && one.present);
    if (other) this.#begin(other.send(target, id, body));
  }

  #target(user: string): Target {
    const { users, groups } = this.#population;
    const dice = this.#random();
    if (dice < TO_STRANGERS) return { group: pick(groups, this.#random).name };
    const own = dice < TO_GROUP ? groups.filter(({ members }) => members.has(user)) : [];
    if (own.length > 0) return { group: pick(own, this.#random).name };
    return { user: pick(users, this.#random) };
  }

  #words(id: string): string {
    const length = this.#random() < LONG ? LONG_CHARACTERS : 0;
    return `${id} 😀 ${"é".repeat(length)}`.trim();
  }

  #changeSomeGroup(): void {
    const group = pick(this.#population.groups, this.#random);
    const [owner] = this.#population.appsOf(group.owner);
    if (!owner?.present) return;
    const out = this.#population.users.filter((user) => !group.members.has(user));
    const others = [...group.members].filter((user) => user !== group.owner);
    const isFull = group.members.size >= this.#size.membersPerGroup;
    if (out.length > 0 && !isFull) this.#begin(this.#add(owner, group, pick(out, this.#random)));
    else if (others.length > 0) this.#begin(this.#remove(owner, group, pick(others, this.#random)));
  }

  async #add(owner: App, group: Group, user: string): Promise<void> {
    if (await owner.change("group.add", group.name, [user])) group.members.add(user);
  }

  async #remove(owner: App, group: Group, user: string): Promise<void> {
    // Before it is done, so that few sends are refused; those that are show that it is.
    group.members.delete(user);
    const leaver = this.#population.appsOf(user).find(({ present }) => present);
    if (leaver && this.#random() < 0.5) await leaver.change("group.leave", group.name, [user]);
    else await owner.change("group.remove", group.name, [user]);
  }

  #sendSomebodyAway(): void {
    const app = this.#somebody();
    if (app && app.pending === 0) this.#begin(this.#beAway(app));
  }

  async #beAway(app: App): Promise<void> {
    app.stop();
    const { least, most } = AWAY_MS;
    await this.#unlessStopped(least + this.#random() ** 3 * (most - least));
    if (this.#random() < 0.5) app.resume();
    else app.start();
  }

  #somebody(): App | undefined {
    const app = pick(this.#population.apps, this.#random);
    return app.present ? app : undefined;
  }

  async #unlessStopped(ms: number): Promise<void> {
    const until = performance.now() + ms;
    while (!this.#stopped && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(100, ms)));
    }
  }
}
