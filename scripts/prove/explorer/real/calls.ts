/**
 * What the real code awaits, held until the explorer answers it.
 *
 * Invariant: a call is open from the moment it is made until it is answered or fails, and of each
 * name one at most is open.
 *
 * @module
 */

import type { Intern } from "../engine/intern.ts";

/** An open call: what is asked for, as a number too, so that answers can be looked up. */
export interface OpenCall<Name extends string> {
  readonly name: Name;
  readonly about: unknown;
  readonly number: number;
}

interface Waiting<Name extends string> extends OpenCall<Name> {
  resolve(value: never): void;
  reject(error: Error): void;
}

export class Calls<Name extends string> {
  readonly #abouts: Intern<unknown>;
  #open: Waiting<Name>[] = [];

  constructor(abouts: Intern<unknown>) {
    this.#abouts = abouts;
  }

  /** Awaits an answer; `about` is what is asked for, and whatever else the answer's use depends on. */
  make<Result>(name: Name, about: unknown): Promise<Result> {
    if (this.has(name)) throw new Error(`Cannot hold a second call of "${name}"`);
    const number = this.#abouts.of([name, about]);
    return new Promise<Result>((resolve, reject) => {
      this.#open.push({ name, about, number, resolve, reject });
    });
  }

  get open(): OpenCall<Name>[] {
    return this.#open.map(({ name, about, number }) => ({ name, about, number }));
  }

  about(name: Name): unknown {
    return this.#open.find((call) => call.name === name)?.about;
  }

  has(name: Name): boolean {
    return this.#open.some((call) => call.name === name);
  }

  answer(name: Name, value: unknown): void {
    this.#take(name).resolve(value as never);
  }

  fail(name: Name): void {
    this.#take(name).reject(new Error("Cannot answer: the explorer lets it fail"));
  }

  toString(): string {
    return this.#open.map(({ name, about }) => `${name} ${JSON.stringify(about)}`).join();
  }

  #take(name: Name): Waiting<Name> {
    const call = this.#open.find((each) => each.name === name);
    if (!call) throw new Error(`Cannot answer "${name}": nobody asked`);
    this.#open = this.#open.filter((each) => each !== call);
    return call;
  }
}
