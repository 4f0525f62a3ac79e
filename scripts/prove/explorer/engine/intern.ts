/**
 * Numbers for values: equal values have the same, so that a state of the explorer is only numbers.
 *
 * Invariant: a value is known by its text, and keeps its number for ever.
 *
 * @module
 */

export class Intern<Value> {
  readonly #numbers = new Map<string, number>();
  readonly #values: Value[] = [];
  readonly #texts: string[] = [];
  readonly #text: (value: Value) => string;

  constructor(text: (value: Value) => string = (value) => JSON.stringify(value)) {
    this.#text = text;
  }

  get size(): number {
    return this.#values.length;
  }

  of(value: Value): number {
    const text = this.#text(value);
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#values.length);
    this.#texts.push(text);
    return this.#values.push(value) - 1;
  }

  at(number: number): Value {
    return this.#values[number]!;
  }

  text(number: number): string {
    return this.#texts[number]!;
  }
}
