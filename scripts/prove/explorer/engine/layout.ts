/**
 * A state of the explorer as a few 32-bit words.
 *
 * Invariant: packing loses nothing: a value that does not fit its field is an error, so two states
 * have the same words only if they are the same.
 *
 * @module
 */

const WORD_BITS = 32;

export class Layout {
  /** How many words a state takes. */
  readonly words: number;
  readonly fields: number;
  readonly #word: number[] = [];
  readonly #shift: number[] = [];
  readonly #mask: number[] = [];

  /** The widths of the fields, in bits, each below 32. */
  constructor(widths: readonly number[]) {
    let word = 0, used = 0;
    for (const width of widths) {
      if (used + width > WORD_BITS) {
        word++;
        used = 0;
      }
      this.#word.push(word);
      this.#shift.push(used);
      this.#mask.push(2 ** width - 1);
      used += width;
    }
    this.fields = widths.length;
    this.words = word + 1;
  }

  pack(fields: Int32Array, words: Int32Array, at: number): void {
    for (let i = 0; i < this.words; i++) words[at + i] = 0;
    for (let i = 0; i < this.fields; i++) {
      const value = fields[i]!;
      if (value < 0 || value > this.#mask[i]!) {
        throw new RangeError(`Cannot pack field ${i}: ${value} does not fit`);
      }
      words[at + this.#word[i]!]! |= value << this.#shift[i]!;
    }
  }

  unpack(words: Int32Array, at: number, fields: Int32Array): void {
    for (let i = 0; i < this.fields; i++) {
      fields[i] = (words[at + this.#word[i]!]! >>> this.#shift[i]!) & this.#mask[i]!;
    }
  }
}

/** Where each of these fields is in the array of a state. */
export function placesOf<Field extends string>(
  widths: Readonly<Record<Field, number>>,
): Record<Field, number> {
  const names = Object.keys(widths) as Field[];
  return Object.fromEntries(names.map((name, place) => [name, place])) as Record<Field, number>;
}
