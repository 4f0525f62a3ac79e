import assert from "node:assert/strict";
import type { Page } from "shared/bus/page.ts";
import type { CatchUp, CaughtUp, Entered } from "shared/bus/requests.ts";
import type { ConnectionId, DeviceId, UserId } from "shared/ids.ts";
import { Hub } from "../hub/hub.ts";
import { Ledger } from "../hub/ledger.ts";
import type { Socket } from "../socket/socket.ts";
import { Feed } from "./feed.ts";

const NOTHING_NEW = {
  header: { v: 1, epoch: "E", head: 16, recovered: true, groups: [], more: false },
  events: [],
} as Page<CaughtUp>;

/** A connection of ana's phone that enters at database time 7, once an origin answers. */
function entering() {
  const entered = Promise.withResolvers<void>();
  const claims: CatchUp["claim"][] = [];
  const hub = new Hub({
    ledger: new Ledger(),
    subscribe: () => ({ unsubscribe() {} }),
    readChanges: () => Promise.resolve([]),
    pause: () => Promise.resolve(),
    archiveAfterMs: 60_000,
    hashKey: [1, 2],
    events: { handed() {}, poisoned() {}, woken() {}, archived() {} },
  });
  const feed = new Feed({} as Socket, {
    id: "c1" as ConnectionId,
    user: "ana" as UserId,
    device: "phone" as DeviceId,
    named: true,
    announce: () => Promise.resolve(),
    end: () => feed.stop(),
  }, {
    hub,
    origin: {
      enter: () => entered.promise.then((): Entered => ({ v: 1, at: 7, groups: [] })),
      catchUp({ claim }) {
        claims.push(claim);
        return Promise.resolve(NOTHING_NEW);
      },
    },
    flushBus: () => Promise.resolve(),
    proven: () => 0,
    pause: () => Promise.resolve(),
    maxBufferBytes: 400,
  });
  return { feed, claims, answer: entered.resolve, attached: feed.attach(undefined) };
}

Deno.test("a connection claims its device, with the time at which it entered", async () => {
  const { claims, answer, attached } = entering();
  answer();
  await attached;
  assert.deepEqual(claims, [{ device: "phone", connection: "c1", at: 7 }]);
});

Deno.test("one that ended while it entered claims nothing: the client may be back", async () => {
  const { feed, claims, answer, attached } = entering();
  feed.stop();
  answer();
  await assert.rejects(attached, { message: "Cannot attach: the connection has ended" });
  assert.deepEqual(claims, []);
});
