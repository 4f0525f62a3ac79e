/**
 * The verifier that the settings ask for.
 *
 * @module
 */

import type { TokenConfig } from "../config.ts";
import { keySetKeys } from "./key_set.ts";
import { createTokenVerifier, secretKeys, type TokenVerifier } from "./verify.ts";

export function openVerifier(
  { keys: source, ...claims }: TokenConfig,
  { now, onFault }: { now(): number; onFault(error: unknown): void },
): TokenVerifier {
  const keys = "secret" in source
    ? secretKeys(source.secret)
    : keySetKeys({ url: source.jwksUrl, nowMs: now, onFault });
  return createTokenVerifier({ ...claims, keys, nowMs: now });
}
