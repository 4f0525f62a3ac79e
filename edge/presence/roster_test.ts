import assert from "node:assert/strict";
import type { ConnectionId, DeviceId, UserId } from "shared/ids.ts";
import type { PresentDevice } from "shared/presence.ts";
import { Roster } from "./roster.ts";

const ana = "ana" as UserId;
const phone = (connection: string, foreground = true): PresentDevice => ({
  device: "phone" as DeviceId,
  connection: connection as ConnectionId,
  foreground,
});

Deno.test("an old connection that ends late does not take away its device's newer one", async () => {
  const published: string[][] = [];
  const roster = new Roster((_user, devices) => {
    published.push(devices.map(({ connection }) => connection));
    return Promise.resolve();
  });
  await roster.set(ana, phone("c1"));
  await roster.set(ana, phone("c2"));
  await roster.remove(ana, "c1" as ConnectionId);
  await roster.remove(ana, "c1" as ConnectionId);
  assert.deepEqual(published, [["c1"], ["c1", "c2"], ["c2"]]);
  assert.equal(roster.has(ana), true);
  await roster.remove(ana, "c2" as ConnectionId);
  assert.deepEqual([published.at(-1), roster.has(ana), roster.users], [[], false, 0]);
});
