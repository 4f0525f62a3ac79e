/**
 * How numbers and times are said to an operator.
 *
 * Invariant: what is not known is a dash, and nothing is longer than its column. Pure.
 *
 * @module
 */

export const UNKNOWN = "–";

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const precise = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });
const COMPACT_FROM = 1_000_000;
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

export function count(value: number): string {
  if (Number.isNaN(value)) return UNKNOWN;
  return (value < COMPACT_FROM ? grouped : compact).format(value);
}

/** Rates below ten are told with a digit more. */
export function rate(value: number): string {
  if (Number.isNaN(value) || value === 0) return count(value);
  return value < 10 ? precise.format(value) : count(value);
}

export function seconds(value: number): string {
  if (Number.isNaN(value)) return UNKNOWN;
  if (value < 0.001) return `${precise.format(value * 1000)} ms`;
  if (value < 1) return `${grouped.format(value * 1000)} ms`;
  return value < 10 ? `${precise.format(value)} s` : span(value * 1000);
}

const SECOND_MS = 1_000;
const UNITS: [unit: string, ms: number][] = [
  ["d", 24 * 3_600 * SECOND_MS],
  ["h", 3_600 * SECOND_MS],
  ["min", 60 * SECOND_MS],
  ["s", SECOND_MS],
];

/** In the largest unit of which there are at least two, or the smallest. */
export function span(ms: number): string {
  if (Number.isNaN(ms)) return UNKNOWN;
  const [unit, unitMs] = UNITS.find(([, unitMs]) => ms >= 2 * unitMs) ?? UNITS.at(-1)!;
  return `${grouped.format(Math.floor(Math.max(0, ms) / unitMs))} ${unit}`;
}

const MIB = 1024 * 1024;

export function bytes(value: number): string {
  if (Number.isNaN(value)) return UNKNOWN;
  if (value < MIB) return `${grouped.format(value / 1024)} KiB`;
  return value < 1024 * MIB
    ? `${grouped.format(value / MIB)} MiB`
    : `${precise.format(value / 1024 / MIB)} GiB`;
}

export function share(ratio: number): string {
  return Number.isNaN(ratio) ? UNKNOWN : `${grouped.format(ratio * 100)}%`;
}

/** `one edge`, `3 edges`. */
export function several(many: number, one: string, more = `${one}s`): string {
  return many === 1 ? `one ${one}` : `${count(many)} ${more}`;
}

/** The first few by name. */
export function named(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).join(", ");
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
