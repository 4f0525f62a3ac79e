/**
 * What a cursor says, and whether it is so.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Device } from "./client.ts";

/** A cursor says: everything up to here was handed out. `gsids` is everything there is. */
export function assertNoCursorSkips(device: Device, gsids: readonly number[]): void {
  const heard = new Set<number>();
  for (const { event, offset } of device.received) {
    if (event.gsid !== undefined) heard.add(event.gsid);
    if (offset === undefined) continue;
    const skipped = gsids.filter((gsid) => gsid <= offset && !heard.has(gsid));
    assert.deepEqual(skipped, [], `the cursor ${offset} skips`);
  }
}
