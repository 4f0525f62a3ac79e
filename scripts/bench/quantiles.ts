/**
 * Latencies in few numbers.
 *
 * @module
 */

export interface Latency {
  n: number;
  /** In milliseconds. */
  p50: number;
  p99: number;
  max: number;
}

export function latencyOf(samplesMs: readonly number[]): Latency {
  const sorted = Float64Array.from(samplesMs).sort();
  const at = (share: number) => {
    if (sorted.length === 0) return 0;
    return round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!);
  };
  return { n: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
