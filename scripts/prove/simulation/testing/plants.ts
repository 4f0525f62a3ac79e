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
import { REQUEST } from "shared/bus/requests.ts";
import { replicaKey, userField } from "shared/presence.ts";
import { Audience } from "edge/hub/audience.ts";
import { Tally } from "edge/hub/tally.ts";
import { Subscription } from "edge/hub/topics.ts";
import { Feed } from "edge/session/feed.ts";
import { Outlet } from "edge/session/outlet.ts";
import { Receipts } from "edge/session/receipts.ts";
import { Redis } from "../model/redis.ts";
import { StatementFinder } from "../model/postgres/query.ts";
import type { Plant } from "../settings.ts";
import type { World } from "../world.ts";

/** What undoes it. */
type Undo = () => void;

/** Replaces a method for a while; `wrap` is given the one that was there. */
function patch<Type extends object, Name extends keyof Type>(
  prototype: Type,
  name: Name,
  wrap: (original: Type[Name]) => Type[Name],
): Undo {
  const original = prototype[name];
  prototype[name] = wrap(original);
  return () => void (prototype[name] = original);
}

function all(...undos: Undo[]): Undo {
  return () => undos.forEach((undo) => undo());
}

const { enterGroups } = Audience.prototype;

export const PLANTS: Record<string, Plant> = {
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
      positions.of = (user) => isOnline(user) ? Infinity : of.call(positions, user);
    },
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
  let world: World | undefined, seen = 0;
  const unknown = () => world?.chronicle.counts.get("append failed: unknown") ?? 0;
  return {
    origin: (_, of) => void (world = of),
    install: () => {
      seen = 0;
      return patch(
        StatementFinder.prototype,
        "of",
        (original) =>
          function (this: StatementFinder, query) {
            const statement = original.call(this, query);
            if (!statement.says.includes("append_messages")) return statement;
            return {
              ...statement,
              run(running) {
                if (unknown() === seen) return statement.run(running);
                seen = unknown();
                const [senders, ids, ...rest] = running.values;
                const fresh = (ids as string).replaceAll("\n", `~${seen}\n`);
                return statement.run({ ...running, values: [senders, fresh, ...rest] });
              },
            };
          },
      );
    },
  };
}
