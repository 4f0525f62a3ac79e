/**
 * Bugs, planted one by one, that the simulation must find.
 *
 * Each changes the real code while a run lasts, by way of a prototype or of one program's own parts,
 * and takes it back. For tests alone.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import type { Stretches } from "shared/received.ts";
import { REQUEST } from "shared/bus/requests.ts";
import { replicaKey, userField } from "shared/presence.ts";
import { Audience } from "edge/hub/audience.ts";
import { Tally } from "edge/hub/tally.ts";
import { Subscription } from "edge/hub/topics.ts";
import { Positions } from "edge/received/positions.ts";
import { Feed } from "edge/session/feed.ts";
import { Outlet } from "edge/session/outlet.ts";
import { Receipts } from "edge/session/receipts.ts";
import { ReceivedPositions } from "origin/audit/received.ts";
import type { Chronicle } from "../model/chronicle.ts";
import { Redis } from "../model/redis.ts";
import { Tables } from "../model/postgres/tables.ts";
import type { Plant } from "../settings.ts";
import { USERS } from "../world.ts";
import { all, patch } from "./patch.ts";
import { patchAppend } from "./patch_append.ts";
import { TOLD_PLANTS } from "./told_plants.ts";

const { enterGroups } = Audience.prototype;
const RENEWED_MS = 4_000;

export const PLANTS: Record<string, Plant> = {
  ...TOLD_PLANTS,

  "a job that nobody took stays in the way of the late check": {
    install: () => patch(Tables.prototype, "openJob", () => () => false),
    // Tokens come and go all the time.
    origin({ process }, { models: { provider, postgres: { tables } } }) {
      const renew = () => {
        for (const user of USERS.filter((each) => !tables.canBePushed(each))) {
          const registeredMs = process.now();
          tables.register({ platform: "fcm", token: `t-${user}`, user, registeredMs });
        }
        provider.order("token gone");
        process.after(RENEWED_MS, renew);
      };
      renew();
    },
  },

  "a cursor is the event's own gsid": {
    install: () =>
      patch(
        Outlet.prototype,
        "sendEvent",
        (original) =>
          function (this: Outlet, gsid, frame, offset, buffered) {
            const own = (frame as string).replace(/"offset":\d+/, `"offset":${gsid}`);
            return original.call(this, gsid, own, offset, buffered);
          },
      ),
  },

  "proven moves before what is missing is handed out": {
    edge({ bus, delivery: { ledger, hub } }) {
      const { request } = bus;
      bus.request = (subject, data, timeoutMs) => {
        if (subject === REQUEST.mend) {
          const { upto } = JSON.parse(new TextDecoder().decode(data)) as { upto: Gsid };
          ledger.prove(upto);
          hub.proved(upto);
        }
        return request.call(bus, subject, data, timeoutMs);
      };
    },
  },

  "a connection in catch-up is skipped by the digest": skippedInCatchUp(),

  "the late check trusts presence": {
    origin({ lateCheck: { positions } }, world) {
      const { of } = positions;
      const isOnline = (user: UserId) =>
        world.edges.some(({ process }) =>
          world.models.redis.field(replicaKey(process.name), userField(user)) !== undefined
        );
      const all: Stretches = [{ after: 0, upto: Infinity }];
      positions.of = (user) => isOnline(user) ? all : of.call(positions, user);
    },
  },

  "a device that begins at the head is taken to have received what came before": {
    install: () =>
      patch(
        Positions.prototype,
        "heard",
        (original) =>
          function (this: Positions, user, { upto }, nowMs) {
            return original.call(this, user, { after: 0, upto }, nowMs);
          },
      ),
  },

  "an origin does not look where what was received begins": {
    install: () =>
      patch(
        ReceivedPositions.prototype,
        "note",
        (original) =>
          function (this: ReceivedPositions, user, upto) {
            return original.call(this, user, upto, 0);
          },
      ),
  },

  "a device that resumes is taken to have received what came before its cursor": {
    install: () =>
      patch(Feed.prototype, "attach", (original) =>
        async function (this: Feed, since) {
          const page = await original.call(this, since);
          if (since && page.header.recovered) Object.defineProperty(this, "began", { value: 0 });
          return page;
        }),
  },

  "what was received is not capped by what was proven": {
    install() {
      const acked = new WeakMap<Receipts, Gsid>();
      const { prototype } = Receipts;
      return all(
        patch(prototype, "acked", (original) =>
          function (this: Receipts, gsid) {
            acked.set(this, Math.max(gsid, acked.get(this) ?? 0));
            original.call(this, gsid);
          }),
        patch(prototype, "tell", (original) =>
          function (this: Receipts) {
            return Math.max(original.call(this), acked.get(this) ?? 0);
          }),
      );
    },
  },

  "the catch-up is read before the topics are entered": {
    install: () =>
      all(
        patch(Audience.prototype, "enterGroups", () => () => {}),
        patch(Audience.prototype, "settle", (original) =>
          function (this: Audience, receiver, head, groups) {
            enterGroups.call(this, receiver, original.call(this, receiver, head, groups));
            return [];
          }),
      ),
  },

  "a repeat is known by the last gsid, not by the set": {
    install: () =>
      patch(Tally.prototype, "add", (original) =>
        function (this: Tally, gsid) {
          if (gsid <= (this.values().at(-1) ?? 0)) return false;
          return original.call(this, gsid);
        }),
  },

  "an old connection takes a newer one's presence away": {
    edge({ delivery: { roster }, lease }) {
      const { remove } = roster;
      roster.remove = async (user, connection) => {
        await remove.call(roster, user, connection);
        await lease.set(user, []);
      };
    },
  },

  "a commit whose answer was lost is tried again as new": retriedAsNew(),

  "presence is read before the commit": {
    origin({ process }, { models: { redis } }) {
      const { reached } = process;
      process.reached = (point) => {
        // From now on the store answers as it stood at this moment.
        if (point === "before insert") redis.startLying("stale");
        return reached.call(process, point);
      };
    },
  },

  "who is a member is decided when an event is handed out": {
    install: () =>
      patch(
        Subscription.prototype,
        "publish",
        () =>
          function (this: Subscription, publication, except) {
            for (const { receiver, ceiling } of this.targets) {
              if (ceiling === Infinity && !except?.has(receiver.user)) {
                receiver.receive(publication);
              }
            }
          },
      ),
  },

  "that somebody is offline is remembered": {
    install: () =>
      patch(Redis.prototype, "reader", (original) =>
        function (this: Redis, process) {
          const reader = original.call(this, process);
          const offlineUntilMs = new Map<string, number>();
          return {
            async read(replicas, fields) {
              const answers = await reader.read(replicas, fields);
              const hashes = answers.hashes.map((values, at) =>
                (values as (string | null)[]).map((value, n) => {
                  const key = `${replicas[at]} ${fields[n]}`;
                  if (value !== null && (offlineUntilMs.get(key) ?? 0) <= process.now()) {
                    return value;
                  }
                  if (value === null) offlineUntilMs.set(key, process.now() + 60_000);
                  return null;
                })
              );
              return { ...answers, hashes };
            },
          };
        }),
  },
};

/** The hub hands on within the call, so it is known what a connection receives because of it. */
function skippedInCatchUp(): Plant {
  let mending = false;
  return {
    edge({ delivery: { hub } }) {
      const { mend } = hub;
      hub.mend = (topic, live, source) => {
        mending = true;
        mend.call(hub, topic, live, source);
        mending = false;
      };
    },
    install: () =>
      patch(Feed.prototype, "receive", (original) =>
        function (this: Feed, publication) {
          if (!mending || this.live) original.call(this, publication);
        }),
  };
}

/** A batch whose outcome is not known is given new ids, as if it had failed for certain. */
function retriedAsNew(): Plant {
  let chronicle: Chronicle | undefined, seen = 0;
  const unknown = () => chronicle?.counts.get("append failed: unknown") ?? 0;
  return {
    origin: (_, { models }) => void (chronicle = models.chronicle),
    install: () => {
      seen = 0;
      return patchAppend((run) => (running) => {
        if (unknown() === seen) return run(running);
        seen = unknown();
        const [senders, ids, ...rest] = running.values;
        const fresh = (ids as string).replaceAll("\n", `~${seen}\n`);
        return run({ ...running, values: [senders, fresh, ...rest] });
      });
    },
  };
}
