/**
 * One text for all writings of a JSON value: two values are equal if and only if their texts are.
 *
 * @module
 */

import type { JsonValue } from "shared/event.ts";

export function canonicalJson(value: JsonValue): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const members = Object.keys(value).sort().map((key) =>
    `${JSON.stringify(key)}:${canonicalJson(value[key]!)}`
  );
  return `{${members.join(",")}}`;
}
