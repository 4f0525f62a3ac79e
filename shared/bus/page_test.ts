import assert from "node:assert/strict";
import fc from "fast-check";
import { anyEvent, anyGsid } from "testing/arbitraries.ts";
import { renderEvent } from "shared/event.ts";
import type { Live } from "./live.ts";
import { decodePage, encodePage, type Page } from "./page.ts";

const anyLive = fc.record({
  kind: fc.constantFrom<Live["kind"]>("event", "membership"),
  gsid: anyGsid(),
  membership: fc.constant(0),
  data: anyEvent().map(renderEvent),
}, { noNullPrototype: true });
const anyPage: fc.Arbitrary<Page<unknown>> = fc.record({
  header: fc.json().map((text) => JSON.parse(text)),
  events: fc.array(anyLive, { maxLength: 8 }),
}, { noNullPrototype: true });

Deno.test("a page is read back as it was written", () => {
  fc.assert(fc.property(anyPage, (page) => {
    assert.deepEqual(decodePage(encodePage(page)), page);
  }));
});

Deno.test("decodePage() says in a RangeError that bytes are no page, wherever they are cut", () => {
  fc.assert(fc.property(anyPage, fc.nat(), (page, seed) => {
    const bytes = encodePage(page);
    const cut = bytes.subarray(0, seed % bytes.length);
    try {
      // Cut between two events it is a page still, and holds fewer.
      assert.ok(decodePage(cut).events.length < page.events.length);
    } catch (error) {
      assert.ok(error instanceof RangeError, `${error}`);
    }
  }));
});

Deno.test("decodePage() throws nothing but RangeError, whatever the bytes", () => {
  const framed = fc.array(fc.uint8Array({ maxLength: 30 })).map((parts) =>
    new Uint8Array(parts.flatMap((part) => [0, 0, 0, part.length, ...part]))
  );
  fc.assert(fc.property(fc.oneof(fc.uint8Array(), framed), (bytes) => {
    try {
      decodePage(bytes);
    } catch (error) {
      assert.ok(error instanceof RangeError, `${error}`);
    }
  }));
  assert.throws(() => decodePage(new Uint8Array()), RangeError);
});
