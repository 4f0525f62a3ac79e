/**
 * A part of the real system as a table: what it does with each input in each of its states.
 *
 * Invariant: every entry was made by running the real code, on an object that got to its state
 * through real inputs; so a table cannot say what the code does not do. An entry is made when it is
 * first asked for. Knows nothing of what the part is: a state is the text that the part gives of
 * itself, and `disagreement` holds it to that.
 *
 * @module
 */

import type { Create } from "./instance.ts";
import { Intern } from "./intern.ts";
import { Run } from "./run.ts";

/** What a step does: or, when there is a question, what it does before that. */
export interface Entry {
  readonly outputs: readonly number[];
  /** The state afterwards; -1 while a question is open. */
  readonly next: number;
  /** -1: there is none. */
  readonly question: number;
  /** By answer, the whole step. */
  readonly answered: (Entry | undefined)[];
}

/** One step of a history. */
interface Cause {
  readonly from: number;
  readonly input: number;
  readonly answers: readonly number[];
}

/** Objects kept at the state that they are in, so that it need not be reached again. */
const MAX_PARKED = 20_000;

export class Machine<Input, Output, Facts> {
  readonly inputs = new Intern<Input>();
  readonly outputs = new Intern<Output>();
  readonly questions = new Intern<string>((question) => question);
  /** How many entries were made by running the code. */
  entries = 0;
  readonly #create: Create<Input, Output, Facts>;
  readonly #states = new Map<string, number>();
  readonly #texts: string[] = [];
  readonly #facts: Facts[] = [];
  readonly #causes: (Cause | undefined)[] = [];
  readonly #table: (Entry | undefined)[][] = [];
  readonly #parked: Run<Input, Output, Facts>[][] = [];
  #parkedCount = 0;

  constructor(create: Create<Input, Output, Facts>) {
    this.#create = create;
  }

  get states(): number {
    return this.#texts.length;
  }

  describe(state: number): string {
    return this.#texts[state]!;
  }

  facts(state: number): Facts {
    return this.#facts[state]!;
  }

  /** Makes the first state, which is number 0. */
  async start(): Promise<void> {
    this.#park(await Run.start(this.#create, this), undefined);
  }

  /** `undefined`: nobody asked for it before, see `make`. */
  entry(state: number, input: number): Entry | undefined {
    return this.#table[state]![input];
  }

  /** Makes an entry, or the part of it that follows these answers. */
  async make(state: number, input: number, answers: readonly number[] = []): Promise<void> {
    const run = await this.#at(state);
    const outputs = await run.step(input, answers);
    this.entries++;
    const cause = { from: state, input, answers };
    this.#put(cause, {
      outputs,
      next: run.question < 0 ? this.#park(run, cause) : -1,
      question: run.question,
      answered: [],
    });
  }

  /**
   * Walks the table at random, and a new object beside it: both must do the same. What the text of
   * a state leaves out shows here.
   */
  async disagreement(maxSteps: number, random: () => number) {
    const run = await Run.start(this.#create, this);
    const trace: string[] = [];
    for (let state = 0, i = 0; i < maxSteps; i++) {
      const input = anyOf(this.#table[state]!, random);
      if (input === undefined) return;
      const walked = anyAnswers(this.#table[state]![input]!, random);
      if (!walked) return;
      const { answers, entry } = walked;
      const outputs = await run.step(input, answers);
      trace.push(this.inputs.text(input));
      state = entry.next;
      const found = run.describe(), expected = this.#texts[state]!;
      const agrees = found === expected && outputs.join() === entry.outputs.join();
      if (!agrees) return { trace, found, expected };
    }
  }

  #put({ from, input, answers }: Cause, entry: Entry): void {
    const last = answers.at(-1);
    if (last === undefined) {
      this.#table[from]![input] = entry;
      return;
    }
    let before = this.#table[from]![input]!;
    for (const answer of answers.slice(0, -1)) before = before.answered[answer]!;
    before.answered[last] = entry;
  }

  /** An object in this state: one that stands there, or one that is led there. */
  async #at(state: number): Promise<Run<Input, Output, Facts>> {
    const parked = this.#parked[state]!.pop();
    if (parked) {
      this.#parkedCount--;
      return parked;
    }
    const path: Cause[] = [];
    for (let cause = this.#causes[state]; cause; cause = this.#causes[cause.from]) path.push(cause);
    const run = await Run.start(this.#create, this);
    for (const { input, answers } of path.reverse()) await run.step(input, answers);
    const found = run.describe(), expected = this.#texts[state]!;
    if (found !== expected) throw new Error(`Cannot lead to ${expected}: it became ${found}`);
    return run;
  }

  #park(run: Run<Input, Output, Facts>, cause: Cause | undefined): number {
    const text = run.describe();
    let state = this.#states.get(text);
    if (state === undefined) {
      state = this.#texts.push(text) - 1;
      this.#states.set(text, state);
      this.#facts.push(run.facts());
      this.#causes.push(cause);
      this.#table.push([]);
      this.#parked.push([]);
    }
    if (this.#parkedCount < MAX_PARKED) {
      this.#parked[state]!.push(run);
      this.#parkedCount++;
    }
    return state;
  }
}

/** The place of any one that is there. */
function anyOf(entries: readonly (Entry | undefined)[], random: () => number): number | undefined {
  const places = Object.keys(entries);
  return places.length > 0 ? Number(places[Math.floor(random() * places.length)]) : undefined;
}

/** Answers to all questions of a step, as far as they were given before. */
function anyAnswers(first: Entry, random: () => number) {
  const answers: number[] = [];
  let entry = first;
  while (entry.question >= 0) {
    const answer = anyOf(entry.answered, random);
    if (answer === undefined) return;
    answers.push(answer);
    entry = entry.answered[answer]!;
  }
  return { answers, entry };
}
