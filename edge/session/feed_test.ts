import assert from "node:assert/strict";
import type { Page } from "shared/bus/page.ts";
import type { CatchUp, CaughtUp, Entered } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import type { ConnectionId, DeviceId, GroupId, UserId } from "shared/ids.ts";
import { Hub } from "../hub/hub.ts";
import { Ledger } from "../hub/ledger.ts";
import type { Socket } from "../socket/socket.ts";
import { Feed } from "./feed.ts";

const NOTHING_NEW = {
  header: { v: 1, epoch: "E", head: 16, recovered: true, groups: [], more: false },
  events: [],
} as Page<CaughtUp>;

/** A connection of ana's phone that enters at database time 7, once an origin answers. */
function entering(
  page: (read: CatchUp) => Page<CaughtUp> = () => NOTHING_NEW,
  revoked?: number,
) {
  const entered = Promise.withResolvers<void>();
  const claims: CatchUp["claim"][] = [];
  const closes: number[] = [], revocations: number[] = [], asked: unknown[] = [];
  const hub = new Hub({
    ledger: new Ledger(),
    subscribe: () => ({ unsubscribe() {} }),
    readChanges: () => Promise.resolve([]),
    pause: () => Promise.resolve(),
    archiveAfterMs: 60_000,
    hashKey: [1, 2],
    events: { handed() {}, poisoned() {}, woken() {}, archived() {} },
  });
  const feed = new Feed({ queuedBytes: 0, framesQueued: 0 } as Partial<Socket> as Socket, {
    id: "c1" as ConnectionId,
    user: "ana" as UserId,
    device: "phone" as DeviceId,
    named: true,
    issuedMs: 5_000,
    revoked(beforeMs) {
      revocations.push(beforeMs);
      if (beforeMs > 5_000) feed.stop();
    },
    announce: () => Promise.resolve(),
    end({ code }) {
      closes.push(code);
      feed.stop();
    },
  }, {
    hub,
    origin: {
      enter(enter) {
        asked.push(enter);
        const known = revoked === undefined ? {} : { revoked };
        return entered.promise.then((): Entered => ({ v: 1, at: 7, groups: [], ...known }));
      },
      catchUp(read) {
        claims.push(read.claim);
        return Promise.resolve(page(read as CatchUp));
      },
    },
    flushBus: () => Promise.resolve(),
    proven: () => 0,
    pause: () => Promise.resolve(),
    maxBufferBytes: 400,
  });
  const attached = feed.attach(undefined);
  return { feed, hub, claims, closes, revocations, asked, answer: entered.resolve, attached };
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

for (
  const [what, header] of [
    ["a restore lies between", { ...NOTHING_NEW.header, epoch: "F", recovered: false }],
    ["it holds too much", { ...NOTHING_NEW.header, recovered: false }],
  ] as const
) {
  Deno.test(`a connection that cannot read a group it gained ends, and its cursor stays: ${what}`, async () => {
    const { feed, closes, answer, attached } = entering(({ group }) =>
      group === undefined ? NOTHING_NEW : { ...NOTHING_NEW, header }
    );
    answer();
    await feed.start(await attached);
    feed.gained("g" as GroupId, 32 as Gsid, 16 as Gsid);
    await new Promise((resolve) => setTimeout(resolve));
    assert.deepEqual(closes, [3010]);
  });
}

Deno.test("a connection says when its token was issued, and hears what was revoked before it came", async () => {
  const { asked, revocations, answer, attached, claims } = entering(undefined, 4_000);
  answer();
  await attached;
  assert.deepEqual(asked, [{ user: "ana", device: "phone", issued: 5_000 }]);
  assert.deepEqual([revocations, claims.length], [[4_000], 1]);
});

Deno.test("one whose token was revoked reads nothing more, and claims nothing", async () => {
  const { answer, attached, claims } = entering(undefined, 6_000);
  answer();
  await assert.rejects(attached, { message: "Cannot attach: the connection has ended" });
  assert.deepEqual(claims, []);
});

Deno.test("a connection that enters hears at once what is revoked of its user, or of its device", async () => {
  const { hub, revocations, answer, attached } = entering();
  const ana = "ana" as UserId, ben = "ben" as UserId;
  const phone = "phone" as DeviceId, tablet = "tablet" as DeviceId;
  hub.revoke({ revoked: [[ana, 1], [ben, 2], [ana, 3, tablet], [ana, 4, phone]] });
  assert.deepEqual(revocations, [1, 4]);
  answer();
  await attached;
});
