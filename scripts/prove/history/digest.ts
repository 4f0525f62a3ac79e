/**
 * A few characters that stand for a JSON value.
 *
 * Invariant: equal values have equal digests, however they are written. It is made for telling
 * apart, not for security: two different values share one about once in 2^53. Pure.
 *
 * @module
 */

import type { JsonValue } from "shared/event.ts";
import { canonicalJson } from "origin/commit/canonical_json.ts";

export function digestOf(value: unknown): string {
  return hash(canonicalJson(value as JsonValue)).toString(36);
}

/** cyrb53: two 32-bit products, mixed. */
function hash(text: string): number {
  let a = 0xdeadbeef, b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 2654435761);
    b = Math.imul(b ^ unit, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}
