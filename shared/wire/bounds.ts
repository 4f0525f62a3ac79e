/**
 * The rules of a command that hold in every format.
 *
 * Invariant: JSON text of a client is parsed only after its depth is known to be within bounds,
 * and what breaks a rule is a `BadFrame` that names it. Knows nothing of a format's frames.
 *
 * @module
 */

import type { JsonValue } from "shared/event.ts";
import { BadFrame, type Position } from "shared/wire/codec.ts";
import { isGsid } from "shared/gsid.ts";

const MAX_ID = 0xffff_ffff;

/** What the protocol has, and Fanfare does not serve: all subscriptions are the server's. */
export const UNSERVED_VERBS = [
  "subscribe",
  "unsubscribe",
  "publish",
  "history",
  "presence",
  "presence_stats",
  "sub_refresh",
] as const;

export function commandId(value: JsonValue | undefined): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= MAX_ID) {
    return value;
  }
  throw new BadFrame("id must be an integer from 1 to 4294967295");
}

/** Where a connection resumes. The SDKs leave out an offset of 0. */
export function resumePosition(offset: JsonValue | undefined, epoch: string): Position {
  const gsid = offset ?? 0;
  if (!isGsid(gsid)) throw new BadFrame("connect.subs.inbox.offset must be an integer below 2^53");
  return { gsid, epoch };
}

/** The value of JSON text that nests at most `maxDepth` deep. `what` names it in a complaint. */
export function parseJson(text: string, maxDepth: number, what: string): JsonValue {
  if (depthExceeds(text, maxDepth)) {
    throw new BadFrame(`${what} must nest at most ${maxDepth} deep`);
  }
  let value: JsonValue;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BadFrame(`${what} must be JSON`, { cause });
  }
  if (mayBeHuge(text) && !isFinite(value)) {
    throw new BadFrame(`${what} must hold only numbers that a double can be`);
  }
  return value;
}

const LARGE_EXPONENT = /[eE]\+?\d{3}/;
const MANY_DIGITS = /\d{308}/;

/** Whether a number of it might be read as infinite. Few texts look so, and only they are searched. */
function mayBeHuge(text: string): boolean {
  // As one expression with two branches they would take ten times as long, for each command.
  return LARGE_EXPONENT.test(text) || MANY_DIGITS.test(text);
}

/** Infinity would be written on as `null`: another value than the client's. */
function isFinite(value: JsonValue): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  return Object.values(value).every(isFinite);
}

const QUOTE = 0x22, BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b, OPEN_BRACE = 0x7b, CLOSE_BRACKET = 0x5d, CLOSE_BRACE = 0x7d;

/** Whether brackets outside strings nest deeper than `limit`; the text need not be JSON. */
function depthExceeds(text: string, limit: number): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === QUOTE) {
      i = endOfString(text, i);
    } else if (char === OPEN_BRACE || char === OPEN_BRACKET) {
      if (++depth > limit) return true;
    } else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) {
      depth--;
    }
  }
  return false;
}

/** The index of the quote that ends the string begun at `start`, or the text's end. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}
