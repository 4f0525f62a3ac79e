/**
 * How fast one peer may speak.
 *
 * Invariant: a peer is read at the rate, after a burst, whatever it sends: what comes faster waits in
 * the kernel, and then with the peer, where it costs us nothing. Nothing is refused or lost here.
 * Knows nothing of what a frame says.
 *
 * @module
 */

export interface IntakeRate {
  framesPerS: number;
  bytesPerS: number;
  /** What may come at once: so many seconds' worth. */
  burstS: number;
}

/**
 * Ten times what a busy app says, acks included; and, of the largest frames, what takes a core about
 * a twentieth of its time to read.
 */
export const INTAKE: IntakeRate = { framesPerS: 1_000, bytesPerS: 2 * 1024 * 1024, burstS: 2 };

export class Intake {
  readonly #rate: IntakeRate;
  #paidOffMs = 0;

  constructor(rate: IntakeRate) {
    this.#rate = rate;
  }

  /** A frame has come. */
  heard(bytes: number, nowMs: number): void {
    const { framesPerS, bytesPerS } = this.#rate;
    const costS = Math.max(1 / framesPerS, bytes / bytesPerS);
    this.#paidOffMs = Math.max(this.#paidOffMs, nowMs) + costS * 1000;
  }

  /** How long nothing more should be read; 0: read on. */
  pauseMs(nowMs: number): number {
    return Math.max(0, this.#paidOffMs - nowMs - this.#rate.burstS * 1000);
  }
}
