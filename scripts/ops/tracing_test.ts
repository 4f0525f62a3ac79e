import assert from "node:assert/strict";
import { SPAN_NAMES } from "shared/tracing/tracing.ts";
import { NEEDED } from "../check/spans.ts";

const text = await Deno.readTextFile(new URL("TRACING.md", import.meta.url));

Deno.test("TRACING.md lists every span in the order of a message's way, each below another one", () => {
  const rows = [...text.matchAll(/^\| `([a-z ]+)` +\|.*\| `?([a-z ]+?)`? +\|$/gm)];
  assert.deepEqual(rows.map(([, span]) => span), [...SPAN_NAMES]);
  for (const [index, [, span, parent]] of rows.entries()) {
    const above = ["the message", ...SPAN_NAMES.slice(0, index)];
    assert.ok(above.includes(parent!), `${span} below ${parent}`);
  }
});

Deno.test("TRACING.md sets what a program needs to start while the runtime exports", () => {
  for (const [name, value] of Object.entries(NEEDED)) {
    assert.match(text, new RegExp(`^${name}=${value} `, "m"));
  }
});
