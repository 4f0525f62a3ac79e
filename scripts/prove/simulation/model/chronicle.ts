/**
 * What happened in a run: counted, mixed into a hash, and told line by line when somebody asks.
 *
 * Invariant: two runs in which the same happened at the same times have the same hash.
 *
 * @module
 */

export class Chronicle {
  readonly counts = new Map<string, number>();
  /** The story; `undefined` unless it was asked for, for words are dear. */
  readonly lines: string[] | undefined;
  readonly #nowMs: () => number;
  readonly #startMs: number;
  #hash = 0x811c9dc5;

  constructor(options: { nowMs: () => number; told: boolean }) {
    this.#nowMs = options.nowMs;
    this.#startMs = options.nowMs();
    this.lines = options.told ? [] : undefined;
  }

  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  /** `kind` is what is counted; `value` is what else tells two runs apart. */
  note(kind: string, value = 0, words?: () => string): void {
    const count = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, count);
    this.#mix(kind.length * 31 + kind.charCodeAt(kind.length >> 1));
    this.#mix(value);
    this.#mix(this.#elapsedMs);
    this.lines?.push(
      `${(this.#elapsedMs / 1000).toFixed(3).padStart(8)} ${kind}${words ? `: ${words()}` : ""}`,
    );
  }

  /** What explains a story, and counts for nothing. */
  tell(words: () => string): void {
    this.lines?.push(`${(this.#elapsedMs / 1000).toFixed(3).padStart(8)}   ${words()}`);
  }

  get #elapsedMs(): number {
    return this.#nowMs() - this.#startMs;
  }

  #mix(value: number): void {
    // Both halves of a number of 53 bits, and what is behind the point.
    const low = (value * 1024) | 0, high = (value / 2 ** 22) | 0;
    this.#hash = Math.imul(this.#hash ^ low, 0x01000193);
    this.#hash = Math.imul(this.#hash ^ high, 0x01000193);
  }
}
