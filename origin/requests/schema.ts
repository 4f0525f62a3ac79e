/**
 * Reading what a client sent: schemas, and words for what does not fit.
 *
 * Invariant: a request that a reader lets through holds ids that are ids; an error names the field
 * and what is wrong with it, and repeats nothing that the client wrote.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type Static, type TSchema, Type } from "typebox";
import { Compile } from "typebox/compile";
import type { JsonValue } from "shared/event.ts";
import { faultInId } from "shared/ids.ts";
import { type WireError, wireError } from "shared/wire/codes.ts";
import { wordsOf } from "./fault_words.ts";

export const MAX_LIMIT = 200;
export const MAX_USERS = 100;

/** A user, group, device or message id. */
export function id<Id extends string>() {
  return Type.Unsafe<Id>(
    Type.Refine(Type.String(), (value) => !faultInId(value), (value) => faultInId(value)!),
  );
}

export function users<Id extends string>() {
  return Type.Array(id<Id>(), { minItems: 1, maxItems: MAX_USERS });
}

export const MAX_NAME_BYTES = 256;

/** What people call something. */
export const name = Type.Refine(
  Type.String(),
  (value) => !faultInName(value),
  (value) => faultInName(value)!,
);

function faultInName(value: string): string | undefined {
  if (value.includes("\0")) return "must not hold NUL";
  if (!value.isWellFormed()) return "must be well-formed Unicode";
  if (Buffer.byteLength(value) > MAX_NAME_BYTES) {
    return `must be at most ${MAX_NAME_BYTES} bytes of UTF-8`;
  }
}

export const gsid = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
export const limit = Type.Integer({ minimum: 1, maximum: MAX_LIMIT });

export type Read<Value> = { value: Value } | { error: WireError };

export function reader<Schema extends TSchema>(
  schema: Schema,
): (data: JsonValue) => Read<Static<Schema>> {
  const validator = Compile(schema);
  return (data) => {
    if (validator.Check(data)) return { value: data as Static<Schema> };
    return { error: wireError("badRequest", wordsOf(validator.Errors(data)[0])) };
  };
}
