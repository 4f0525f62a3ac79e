/**
 * What a command answers, and how its arguments are read.
 *
 * Errors are worded as Redis words them, since clients compare the words.
 *
 * @module
 */

export type Reply = string | number | null | Reply[];

/** Thrown inside a command, so that its reading of arguments stays straight. */
export class CommandError extends Error {
  override name = "CommandError";
}

export const SYNTAX_ERROR = "ERR syntax error";
export const WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";

const INTEGER = /^(0|-?[1-9]\d*)$/;
const FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const INFINITY = /^([+-]?)inf(inity)?$/i;

/** @throws {CommandError} */
export function parseInteger(text: string | undefined): number {
  const value = text !== undefined && INTEGER.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new CommandError("ERR value is not an integer or out of range");
}

/** @throws {CommandError} With `message`, since commands differ in it. */
export function parseFloatingPoint(
  text: string,
  message = "ERR value is not a valid float",
): number {
  const infinite = INFINITY.exec(text);
  if (infinite) return infinite[1] === "-" ? -Infinity : Infinity;
  if (FLOAT.test(text)) return Number(text);
  throw new CommandError(message);
}

export function formatFloat(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? "-0" : String(value);
  return value > 0 ? "inf" : "-inf";
}
