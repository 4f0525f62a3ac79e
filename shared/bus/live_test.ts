import assert from "node:assert/strict";
import fc from "fast-check";
import { anyEvent, anyGsid } from "testing/arbitraries.ts";
import { renderEvent } from "shared/event.ts";
import { decodeLive, encodeLive, gsidOfLive, type Live, LIVE_VERSION } from "./live.ts";

const gsid = fc.oneof(fc.constant(0), anyGsid());
const anyLive: fc.Arbitrary<Live> = fc.record({
  kind: fc.constantFrom("event", "membership", "control", "wake"),
  gsid,
  membership: gsid,
  large: fc.constant(true),
  data: fc.oneof(anyEvent().map(renderEvent), fc.json()),
}, { noNullPrototype: true, requiredKeys: ["kind", "gsid", "membership", "data"] });

Deno.test("a live message is read back as it was written, from the middle of a buffer too", () => {
  fc.assert(fc.property(anyLive, fc.nat(9), (live, before) => {
    const bytes = encodeLive(live);
    const buffer = new Uint8Array(before + bytes.length + 3).fill(255);
    buffer.set(bytes, before);
    assert.deepEqual(decodeLive(buffer.subarray(before, before + bytes.length)), live);
  }));
});

Deno.test("decodeLive() passes over what is of no version, kind or place that it knows", () => {
  const live: Live = { kind: "event", gsid: 16, membership: 0, data: "{}" };
  const changed = (at: number, value: number) => {
    const bytes = encodeLive(live);
    bytes[at] = value;
    return decodeLive(bytes);
  };
  assert.deepEqual(changed(0, LIVE_VERSION), live);
  assert.equal(changed(0, LIVE_VERSION + 1), undefined, "version");
  assert.equal(changed(1, 4), undefined, "kind");
  assert.deepEqual(changed(2, 254), live, "flags of later releases");
  assert.equal(changed(4, 0x7f), undefined, "a gsid beyond 2^53");
  assert.equal(changed(12, 0xc0), undefined, "a membership below 0");
  assert.equal(decodeLive(encodeLive(live).subarray(0, 19)), undefined, "too short");
});

Deno.test("gsidOfLive() reads the gsid alone, and of what is no message nothing", () => {
  const bytes = encodeLive({ kind: "event", gsid: 4096, membership: 16, data: "{}" });
  assert.equal(gsidOfLive(new Uint8Array([9, 9, ...bytes]).subarray(2)), 4096);
  assert.equal(gsidOfLive(bytes.subarray(0, 19)), undefined);
  assert.equal(gsidOfLive(new Uint8Array(20)), undefined);
  bytes.set([0xff, 0xff], 4);
  assert.equal(gsidOfLive(bytes), undefined);
});

Deno.test("decodeLive() never throws, whatever the bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
    if (bytes.length > 0) bytes[0] = LIVE_VERSION;
    const live = decodeLive(bytes);
    if (live) assert.ok(live.gsid >= 0 && live.membership >= 0);
  }));
});
