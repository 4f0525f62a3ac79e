/**
 * Comparing a key that somebody sent with the one that is right.
 *
 * Invariant: the time it takes says nothing about where they differ, nor how long the right one is.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";

export function isSameSecret(sent: string | undefined, right: string): boolean {
  return timingSafeEqual(digestOf(sent ?? ""), digestOf(right)) && sent !== undefined;
}

function digestOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
