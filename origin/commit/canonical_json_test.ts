import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue } from "shared/event.ts";
import { canonicalJson } from "./canonical_json.ts";

Deno.test("canonicalJson() writes equal values alike, whatever the order of their members", () => {
  assert.equal(
    canonicalJson({ b: [1, { d: null, c: "é" }], a: true }),
    '{"a":true,"b":[1,{"c":"é","d":null}]}',
  );
  assert.equal(canonicalJson(JSON.parse('{"x":1.0,"y":1e2}')), canonicalJson({ y: 100, x: 1 }));
});

Deno.test("canonicalJson() writes different values differently", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
    const a = JSON.parse(JSON.stringify(one)) as JsonValue;
    const b = JSON.parse(JSON.stringify(other)) as JsonValue;
    assert.deepEqual(JSON.parse(canonicalJson(a)), a);
    assert.equal(canonicalJson(a) === canonicalJson(b), isEqual(a, b));
  }));
});

function isEqual(one: unknown, other: unknown): boolean {
  try {
    assert.deepEqual(one, other);
    return true;
  } catch {
    return false;
  }
}
