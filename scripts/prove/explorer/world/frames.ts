/**
 * What lies in a socket: frames, first in, first out.
 *
 * Invariant: a queue is a number; equal queues have the same, and 0 is the empty one.
 *
 * @module
 */

/** `place` 0: a bare cursor, or a ping. `offset` 0: none. */
export interface Frame {
  place: number;
  offset: number;
}

const OFFSETS = 8;
const CODES = 64;

export class Frames {
  readonly #first: Frame[] = [{ place: 0, offset: 0 }];
  readonly #rest: number[] = [0];
  readonly #codes: (readonly number[])[] = [[]];
  readonly #numbers = new Map<string, number>([["", 0]]);
  readonly #longer = new Map<number, number>();

  /** The queue with one more frame at its end. */
  push(queue: number, { place, offset }: Frame): number {
    const code = place * OFFSETS + offset;
    let longer = this.#longer.get(queue * CODES + code);
    if (longer === undefined) {
      longer = this.#number([...this.#codes[queue]!, code]);
      this.#longer.set(queue * CODES + code, longer);
    }
    return longer;
  }

  first(queue: number): Frame {
    return this.#first[queue]!;
  }

  rest(queue: number): number {
    return this.#rest[queue]!;
  }

  #number(codes: readonly number[]): number {
    const text = codes.join();
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const rest = codes.length > 1 ? this.#number(codes.slice(1)) : 0;
    const number = this.#codes.push(codes) - 1;
    this.#numbers.set(text, number);
    const first = codes[0]!;
    this.#first.push({ place: Math.floor(first / OFFSETS), offset: first % OFFSETS });
    this.#rest.push(rest);
    return number;
  }
}
