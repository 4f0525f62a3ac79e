import assert from "node:assert/strict";
import fc from "fast-check";
import { anyEvent, anyGsid } from "testing/arbitraries.ts";
import { renderEvent } from "shared/event.ts";
import { faultInId, type GroupId, MAX_ID_BYTES } from "shared/ids.ts";
import { MAX_MESSAGE_BYTES } from "./bus.ts";
import type { Live } from "./live.ts";
import { decodePage, encodePage, MAX_PAGE_BYTES, type Page, roomBeside } from "./page.ts";
import {
  BUS_VERSION,
  type CaughtUp,
  encodeMessage,
  type Entered,
  MOST_USER_GROUPS,
} from "./requests.ts";

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

/** The most that is known of one group: whoever chose its id wanted it so. */
const LARGEST = {
  group: '"'.repeat(MAX_ID_BYTES) as GroupId,
  membership: Number.MAX_SAFE_INTEGER,
  last: Number.MAX_SAFE_INTEGER,
};
const utf8 = new TextEncoder();

Deno.test("no character that an id may hold is more than twice as long in JSON", () => {
  for (let code = 0; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code);
    if (faultInId(character)) continue;
    const written = utf8.encode(JSON.stringify(character)).length - 2;
    if (written > 2 * utf8.encode(character).length) assert.fail(`U+${code.toString(16)}`);
  }
});

Deno.test("all groups that a user may be in fit into one message, with a page of events behind", () => {
  const { group } = LARGEST;
  assert.equal(faultInId(group), undefined);
  const header = (groups: number): CaughtUp => ({
    v: BUS_VERSION,
    epoch: "e".repeat(32),
    head: Number.MAX_SAFE_INTEGER,
    recovered: false,
    more: false,
    groups: Array(groups).fill(LARGEST),
  });
  // The longest event: a body of 16 KiB, or a hundred and one ids that are quotation marks.
  const longest = 32 * 1024;
  const pages: [groups: number, least: number][] = [
    [MOST_USER_GROUPS, 12 * longest],
    // Counted before the lock, by any number of origins, the limit may be passed by so many.
    [MOST_USER_GROUPS * 1.5, 2 * longest],
  ];
  for (const [groups, least] of pages) {
    const room = roomBeside(header(groups));
    assert.ok(room >= least, `${groups} groups leave ${room} bytes`);
    const event: Live = { kind: "event", gsid: 16, membership: 0, data: "x".repeat(room - 24) };
    const page = encodePage({ header: header(groups), events: [event] });
    assert.ok(page.length <= MAX_MESSAGE_BYTES);
    const entered = encodeMessage<Entered>({ at: 1e15, groups: Array(groups).fill(LARGEST) });
    assert.ok(entered.length <= MAX_MESSAGE_BYTES);
  }
  assert.equal(roomBeside(header(1_000)), MAX_PAGE_BYTES);
});
