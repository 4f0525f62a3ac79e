/**
 * Reading the arguments of a command.
 *
 * @module
 */

import { InvalidArgumentError } from "commander";

/** A reader of integers for commander. */
export function integerFrom(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be an integer from ${min} to ${max}.`);
  };
}

/** A reader of durations such as `90`, `15m`, `12h` or `7d`; in seconds. */
export function duration(text: string): number {
  const [, amount, unit] = /^(\d{1,9})([smhd]?)$/.exec(text) ?? [];
  if (amount === undefined) {
    throw new InvalidArgumentError("It must be seconds, or a number with s, m, h or d: 15m.");
  }
  return Number(amount) * { s: 1, m: 60, h: 3600, d: 86_400 }[unit || "s"]!;
}
