/**
 * What a command answers, and how its arguments are read.
 *
 * Errors are worded as Redis words them, since clients compare the words.
 *
 * @module
 */

export type Reply = string | number | null | Status | Reply[];

/** Words of the store itself, unlike a string, which somebody stored. */
export interface Status {
  status: string;
}

export const OK: Status = { status: "OK" };

export type PlainReply = string | number | null | PlainReply[];

export function isStatus(reply: Reply): reply is Status {
  return typeof reply === "object" && reply !== null && "status" in reply;
}

/** As Redis's clients show it, to whom a status is a string like others. */
export function plain(reply: Reply): PlainReply {
  if (Array.isArray(reply)) return reply.map(plain);
  return isStatus(reply) ? reply.status : reply;
}

/** Thrown inside a command, so that its reading of arguments stays straight. */
export class CommandError extends Error {
  override name = "CommandError";
}

export const SYNTAX_ERROR = "ERR syntax error";
export const WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";

const MAX_INTEGER = 2n ** 63n - 1n;
const INTEGER = /^(0|-?[1-9]\d*)$/;
const FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const INFINITY = /^([+-]?)inf(inity)?$/i;

/**
 * Reads any integer of 64 bits; one that is not safe comes out rounded.
 *
 * @throws {CommandError}
 */
export function parseInteger(text: string | undefined): number {
  if (text !== undefined && INTEGER.test(text)) {
    const value = BigInt(text);
    if (-MAX_INTEGER - 1n <= value && value <= MAX_INTEGER) return Number(value);
  }
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
