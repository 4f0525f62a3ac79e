/**
 * What the programs and the database had to carry at most during a rush.
 *
 * Invariant: it looks from outside, twice a second, and a part that is down is passed over.
 *
 * @module
 */

import postgres from "postgres";
import type { State } from "../../dev/state.ts";
import { Notes } from "../notes.ts";

const EVERY_MS = 500;
const WATCHED = [
  "catch_ups_running",
  "catch_ups_waiting",
  "waiting_of_entering",
  "waiting_of_calls",
];

export class GaugeWatch implements AsyncDisposable {
  readonly #notes = new Notes();
  readonly #state: () => State;
  readonly #sql: postgres.Sql;
  readonly #timer: ReturnType<typeof setInterval>;
  #looking = Promise.resolve();

  constructor(state: () => State) {
    this.#state = state;
    this.#sql = postgres(state().postgres.url, { max: 1, onnotice: () => {} });
    this.#timer = setInterval(
      () => this.#looking = this.#looking.then(() => this.#look()),
      EVERY_MS,
    );
  }

  /** The highest of each. */
  get figures(): Record<string, number> {
    return this.#notes.figures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    await this.#sql.end();
  }

  async #look(): Promise<void> {
    const { edges, origins } = this.#state();
    await Promise.allSettled([
      ...[...edges, ...origins].map(({ internal }) => this.#lookAt(internal)),
      this.#countConnections(),
    ]);
  }

  async #lookAt(internal: string): Promise<void> {
    const response = await fetch(`${internal}/metrics`, { signal: AbortSignal.timeout(2_000) });
    const sizes = /^fanfare_\w+_bounded_size{what="(\w+)",.*} (\S+)$/gm;
    for (const [, what, size] of (await response.text()).matchAll(sizes)) {
      if (WATCHED.includes(what!)) this.#notes.max(`${what}_max`, Number(size));
    }
  }

  async #countConnections(): Promise<void> {
    const [row] = await this.#sql<[{ count: number }]>`
      select count(*)::int from pg_stat_activity where datname = current_database()`;
    this.#notes.max("postgres_connections_max", row.count);
  }
}
