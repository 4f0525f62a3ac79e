/**
 * One real object on its way from state to state.
 *
 * Invariant: a step is over when nothing goes on in microtasks any more, and does nothing later.
 * One that asked a question to which it had no answer leaves the object useless.
 *
 * @module
 */

import type { Create, Instance } from "./instance.ts";
import type { Intern } from "./intern.ts";

export interface Vocabulary<Input, Output> {
  readonly inputs: Intern<Input>;
  readonly outputs: Intern<Output>;
  readonly questions: Intern<string>;
}

/** Turns of the microtask queue after which nothing goes on. */
const TURNS = 24;

export class Run<Input, Output, Facts> {
  /** The first question of the last step that had no answer; -1: none. */
  question = -1;
  readonly #words: Vocabulary<Input, Output>;
  readonly #instance: Instance<Input, Output, Facts>;
  #answers: readonly number[] = [];
  #asked = 0;
  #before: Output[] = [];

  private constructor(create: Create<Input, Output, Facts>, words: Vocabulary<Input, Output>) {
    this.#words = words;
    this.#instance = create((question) => this.#answer(question));
  }

  static async start<Input, Output, Facts>(
    create: Create<Input, Output, Facts>,
    words: Vocabulary<Input, Output>,
  ): Promise<Run<Input, Output, Facts>> {
    const run = new Run(create, words);
    await settle();
    return run;
  }

  describe(): string {
    return this.#instance.describe();
  }

  facts(): Facts {
    return this.#instance.facts();
  }

  /** The numbers of what it did, up to a question that has no answer. */
  async step(input: number, answers: readonly number[]): Promise<number[]> {
    const late = this.#instance.take();
    if (late.length > 0) throw new Error(`Cannot step: something came late: ${late[0]}`);
    this.#answers = answers;
    this.#asked = 0;
    this.question = -1;
    this.#instance.perform(this.#words.inputs.at(input));
    await settle();
    const outputs = this.#instance.take();
    const counted = this.question < 0 ? outputs : this.#before;
    return counted.map((output) => this.#words.outputs.of(output));
  }

  #answer(question: string): number {
    const answer = this.#answers[this.#asked++];
    if (answer !== undefined) return answer;
    if (this.question < 0) {
      this.question = this.#words.questions.of(question);
      this.#before = this.#instance.take();
    }
    return 0;
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await undefined;
}
