/**
 * Every state that can be reached, breadth-first: so what is found wrong is found on a shortest way.
 *
 * Invariant: a search that is not cut has taken every step of every state. Knows nothing of what a
 * state means: that is the model's.
 *
 * @module
 */

import type { Layout } from "./layout.ts";
import { StateSet } from "./state_set.ts";

/**
 * A step of the model, to `next`. `progress`: it happens without a fault, and brings what is under
 * way nearer to its end. Its name is made of the rest, and only for a trace.
 */
export type Emit = (
  next: Int32Array,
  progress: boolean,
  kind: number,
  a: number,
  b: number,
) => void;

export interface Model {
  readonly layout: Layout;
  /** Writes the first state. */
  start(state: Int32Array): Promise<void>;
  /** Emits all steps of a state. @throws {Incomplete} When something must be worked out first. */
  expand(state: Int32Array, emit: Emit): void;
  /** What is wrong with a state, whatever comes next. */
  fault(state: Int32Array): string | undefined;
  /** What is wrong with a state in which nothing is under way any more. */
  faultAtRest(state: Int32Array): string | undefined;
  describe(next: Int32Array, kind: number, a: number, b: number): string;
}

/** Thrown by `expand`: after `work` it can be tried again. No error, so no stack is taken. */
export class Incomplete {
  constructor(readonly work: () => Promise<void>) {}
}

export interface SearchOptions {
  maxStates: number;
  /** Only faults that begin like this count. */
  faults: string;
  /** Aborts the search: it throws. */
  signal?: AbortSignal;
  /** Also looks for a run that never comes to rest though nothing fails any more. */
  cycles: boolean;
}

export interface Found {
  fault: string;
  trace: string[];
}

export interface Result {
  states: number;
  steps: number;
  /** The longest of the shortest ways to a state. */
  depth: number;
  /** States in which nothing is under way. */
  resting: number;
  /** Every state was reached and every step taken. */
  complete: boolean;
  found: Found | undefined;
}

export async function search(model: Model, options: SearchOptions): Promise<Result> {
  return await new Search(model, options).run();
}

const BREATHE_EVERY = 20_000;

class Search {
  readonly #model: Model;
  readonly #options: SearchOptions;
  readonly #set: StateSet;
  readonly #state: Int32Array;
  readonly #words: Int32Array;
  #steps = 0;
  #resting = 0;
  #current = 0;
  #fault: { fault: string; state: number } | undefined;
  #moves = false;
  /** The progress steps: for each state where its own begin in `#targets`. */
  readonly #begins: number[] = [];
  readonly #targets: number[] = [];

  constructor(model: Model, options: SearchOptions) {
    this.#model = model;
    this.#options = options;
    this.#set = new StateSet(model.layout.words);
    this.#state = new Int32Array(model.layout.fields);
    this.#words = new Int32Array(model.layout.words);
  }

  async run(): Promise<Result> {
    const { layout } = this.#model;
    await this.#model.start(this.#state);
    layout.pack(this.#state, this.#words, 0);
    this.#set.add(this.#words, -1);
    let depth = 0, levelEnds = 1;
    const emit: Emit = (next, progress) => this.#emit(next, progress);
    for (this.#current = 0; this.#current < this.#set.size; this.#current++) {
      if (this.#set.size >= this.#options.maxStates) return await this.#result(depth, false);
      if (this.#current === levelEnds) {
        depth++;
        levelEnds = this.#set.size;
      }
      if (this.#current % BREATHE_EVERY === 0) await this.#breathe();
      layout.unpack(this.#set.states, this.#current * layout.words, this.#state);
      await this.#expand(emit);
      if (!this.#fault && !this.#moves) this.#rest();
      if (this.#fault) return await this.#result(depth, false);
    }
    const cycle = this.#options.cycles ? this.#inCycle() : undefined;
    if (cycle !== undefined) this.#fault = { fault: "it never comes to rest", state: cycle };
    return await this.#result(depth, true);
  }

  /** Lets the rest of the program run for a moment. */
  async #breathe(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve));
    this.#options.signal?.throwIfAborted();
  }

  async #expand(emit: Emit): Promise<void> {
    const steps = this.#steps, begin = this.#targets.length;
    if (this.#options.cycles) this.#begins.push(begin);
    for (;;) {
      this.#moves = false;
      try {
        return this.#model.expand(this.#state, emit);
      } catch (error) {
        if (!(error instanceof Incomplete)) throw error;
        await error.work();
        this.#steps = steps;
        this.#targets.length = begin;
      }
    }
  }

  #emit(next: Int32Array, progress: boolean): void {
    this.#steps++;
    this.#model.layout.pack(next, this.#words, 0);
    const added = this.#set.add(this.#words, this.#current);
    if (added < 0 && !this.#fault) {
      const fault = this.#model.fault(next);
      if (fault?.startsWith(this.#options.faults)) this.#fault = { fault, state: -added - 1 };
    }
    // What changes nothing is no step.
    if (!progress || added === this.#current) return;
    this.#moves = true;
    if (this.#options.cycles) this.#targets.push(added < 0 ? -added - 1 : added);
  }

  #rest(): void {
    this.#resting++;
    const fault = this.#model.faultAtRest(this.#state);
    if (fault?.startsWith(this.#options.faults)) this.#fault = { fault, state: this.#current };
  }

  async #result(depth: number, complete: boolean): Promise<Result> {
    const found = this.#fault &&
      { fault: this.#fault.fault, trace: await this.#trace(this.#fault.state) };
    const { size: states } = this.#set;
    return { states, steps: this.#steps, depth, resting: this.#resting, complete, found };
  }

  /** A state from which progress steps alone lead round for ever. */
  #inCycle(): number | undefined {
    const count = this.#set.size;
    const incoming = new Int32Array(count);
    for (const target of this.#targets) incoming[target]!++;
    const free: number[] = [];
    for (let state = 0; state < count; state++) if (incoming[state] === 0) free.push(state);
    let left = count;
    for (let state; (state = free.pop()) !== undefined; left--) {
      const end = this.#begins[state + 1] ?? this.#targets.length;
      for (let i = this.#begins[state]!; i < end; i++) {
        if (--incoming[this.#targets[i]!]! === 0) free.push(this.#targets[i]!);
      }
    }
    return left > 0 ? incoming.findIndex((many) => many > 0) : undefined;
  }

  /** The names of the steps to a state. */
  async #trace(state: number): Promise<string[]> {
    const path: number[] = [];
    for (let at = state; at >= 0; at = this.#set.parent(at)) path.push(at);
    path.reverse();
    const names: string[] = [];
    for (let i = 1; i < path.length; i++) names.push(await this.#nameStep(path[i - 1]!, path[i]!));
    return names;
  }

  async #nameStep(from: number, to: number): Promise<string> {
    const { layout } = this.#model;
    const { states } = this.#set;
    layout.unpack(states, from * layout.words, this.#state);
    const wanted = states.slice(to * layout.words, (to + 1) * layout.words);
    let name = "";
    const emit: Emit = (next, _progress, kind, a, b) => {
      layout.pack(next, this.#words, 0);
      const isIt = name === "" && this.#words.every((word, i) => word === wanted[i]);
      if (isIt) name = this.#model.describe(next, kind, a, b);
    };
    for (;;) {
      try {
        this.#model.expand(this.#state, emit);
        return name;
      } catch (error) {
        if (!(error instanceof Incomplete)) throw error;
        await error.work();
      }
    }
  }
}
