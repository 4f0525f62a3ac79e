import assert from "node:assert/strict";
import fc from "fast-check";
import { anyId } from "testing/arbitraries.ts";
import type { ConnectionId, DeviceId, UserId } from "./ids.ts";
import { decodeDevices, encodeDevices, MARKER_FIELD, userField } from "./presence.ts";

Deno.test("a user's devices are read back as they were written", () => {
  const device = fc.record({
    device: anyId<DeviceId>(),
    connection: fc.uuid().map((id) => id as ConnectionId),
    foreground: fc.boolean(),
  }, { noNullPrototype: true });
  fc.assert(fc.property(fc.array(device, { maxLength: 5 }), (devices) => {
    assert.deepEqual(decodeDevices(encodeDevices(devices)), devices);
  }));
});

Deno.test("userField() differs for each user, and no user's is the marker", () => {
  fc.assert(fc.property(anyId<UserId>(), anyId<UserId>(), (a, b) => {
    assert.equal(userField(a) === userField(b), a === b);
    assert.notEqual(userField(a), MARKER_FIELD);
  }));
  assert.notEqual(userField("marker" as UserId), MARKER_FIELD);
});

Deno.test("decodeDevices() throws at a value that is none", () => {
  for (const value of ["", "1", "null", "{}", "[1", "[null]"]) {
    assert.throws(
      () => decodeDevices(value),
      (error) => error instanceof SyntaxError || error instanceof TypeError,
      value,
    );
  }
});
