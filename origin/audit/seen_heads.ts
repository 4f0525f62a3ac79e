/**
 * How far the log had come some time ago, by this program's own clock.
 *
 * Invariant: what it calls old was seen so long ago, whatever the database's clock says. Gsids never
 * step back, and that clock may: once it was ahead, they lie ahead of it until it comes there, and by
 * its word nothing would be old meanwhile. Pure: the time is handed in.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";

/** As exact as anybody needs to know. */
const APART_MS = 500;

export class SeenHeads {
  #seen: { head: Gsid; atMs: number }[] = [];

  /** The newest event, or one of a moment before; 0 when none is known. */
  get newest(): Gsid {
    return this.#seen.at(-1)?.head ?? 0;
  }

  /** The newest event is `head`. `nowMs` is monotonic. */
  note(head: Gsid, nowMs: number): void {
    const last = this.#seen.at(-1);
    // The database is another.
    if (last && head < last.head) this.#seen = [];
    else if (last && (head === last.head || nowMs - last.atMs < APART_MS)) return;
    this.#seen.push({ head, atMs: nowMs });
  }

  /** The newest event of `ageMs` ago, or one before it; 0 when none is known. */
  before(ageMs: number, nowMs: number): Gsid {
    const seen = this.#seen;
    while (seen.length > 1 && seen[1]!.atMs <= nowMs - ageMs) seen.shift();
    const [oldest] = seen;
    return oldest && oldest.atMs <= nowMs - ageMs ? oldest.head : 0;
  }
}
