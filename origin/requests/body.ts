/**
 * The body of a message: an object of the app's own, within bounds.
 *
 * Invariant: what passes can be stored and rendered as it is.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { JsonObject, JsonValue } from "shared/event.ts";
import { type WireError, wireError } from "shared/wire/codes.ts";
import type { Body } from "../commit/command.ts";

export const MAX_BODY_BYTES = 16_384;
export const MAX_BODY_DEPTH = 16;

export function readBody(value: JsonObject): Body | { error: WireError } {
  const fault = faultIn(value, "body", 1);
  if (fault) return { error: wireError("badRequest", fault) };
  const text = JSON.stringify(value);
  if (text.length > MAX_BODY_BYTES || Buffer.byteLength(text) > MAX_BODY_BYTES) {
    return { error: wireError("tooLarge", `body must be at most ${MAX_BODY_BYTES} bytes of JSON`) };
  }
  return { value, text };
}

function faultIn(value: JsonValue, field: string, depth: number): string | undefined {
  if (typeof value === "string") return faultInText(value, field);
  // A number too large for JavaScript was read as infinite, and would be written as null.
  if (typeof value === "number" && !Number.isFinite(value)) {
    return `${field} must hold only numbers that a double can be`;
  }
  if (typeof value !== "object" || value === null) return;
  if (depth > MAX_BODY_DEPTH) return `${field} must be at most ${MAX_BODY_DEPTH} levels deep`;
  if (Array.isArray(value)) {
    for (const item of value) {
      const fault = faultIn(item, field, depth + 1);
      if (fault) return fault;
    }
    return;
  }
  for (const key of Object.keys(value)) {
    const fault = faultInText(key, field) ?? faultIn(value[key]!, field, depth + 1);
    if (fault) return fault;
  }
}

function faultInText(text: string, field: string): string | undefined {
  if (text.includes("\0")) return `${field} must not hold NUL`;
  if (!text.isWellFormed()) return `${field} must be well-formed Unicode`;
}
