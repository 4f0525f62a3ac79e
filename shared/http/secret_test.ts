import assert from "node:assert/strict";
import { isSameSecret } from "./secret.ts";

Deno.test("isSameSecret() takes the whole secret and nothing else", () => {
  assert.ok(isSameSecret("secret", "secret"));
  for (const sent of [undefined, "", "secre", "secret ", "Secret"]) {
    assert.equal(isSameSecret(sent, "secret"), false);
  }
  assert.equal(isSameSecret(undefined, ""), false);
});
