/**
 * The same worlds with one rule broken: the explorer must find each.
 *
 * @module
 */

import { ForgetfulLedger, HastyLedger, JumpingLedger, TrustingLedger } from "./bent_ledgers.ts";
import type { Configuration } from "./configurations.ts";
import { edgeModel, type Scope } from "./scope.ts";
import type { Bends } from "./world/bends.ts";
import { DORA, OTTO } from "./world/cast.ts";

function broken(
  rule: string,
  finds: string,
  bends: Bends,
  scope: Partial<Scope> = {},
): Configuration {
  const usual: Scope = { events: [["direct", "group"], ["direct", "group"]], budget: { drops: 1 } };
  const create = () => edgeModel({ ...usual, ...scope, bends });
  return { name: `broken: ${rule}`, lane: "light", finds, create };
}

/** Takes a second or more. */
function later(configuration: Configuration): Configuration {
  return { ...configuration, lane: "short" };
}

const JOINS: Partial<Scope> = { members: [OTTO], events: [["Dora joins"], ["group"]] };
const LEAVES: Partial<Scope> = { members: [DORA, OTTO], events: [["Dora leaves"], ["group"]] };
const IDLE: Partial<Scope> = {
  events: [["direct"], ["direct"], ["group"]],
  budget: {},
  archiveAfterMs: 1,
};

const ORIGINS: Partial<Scope> = {
  events: [["direct"], ["group"]],
  origins: true,
  budget: { crashes: 1 },
};

export const BROKEN_DELIVERIES: readonly Configuration[] = [
  broken("the offset is the event's own gsid", "I5", {
    told: (input) => [input.do === "receive" ? { ...input, offset: input.gsid } : input],
  }),
  broken("proven before what is missing is handed out", "I5", {
    createLedger: () => new HastyLedger(),
  }),
  broken("proven before, and the read fails", "I", { createLedger: () => new HastyLedger() }, {
    budget: { failures: 1 },
  }),
  broken("proven though the read failed", "I", {
    failed: (call) => {
      if (call !== "mend") return { do: "fail", call };
      return { do: "answer", call, page: { header: { v: 1, topics: [] }, events: [] } };
    },
  }, { budget: { failures: 1 } }),
  broken("what a digest brings passes by a catch-up", "I", {
    told: (input, output, { live }) => {
      return output.does === "receive" && output.mended && !live ? [] : [input];
    },
  }),
  broken("a topic entered inside the interval counts as proven", "I", {
    createLedger: () => new TrustingLedger(),
  }),
  broken("topics are entered after the snapshot", "I", {
    called(input) {
      if (input.do === "enter inbox" || input.do === "enter groups") return [];
      if (input.do !== "settle") return [input];
      const { who, groups } = input;
      return [{ do: "enter inbox", who }, { do: "enter groups", who, groups }, input];
    },
  }),
  broken("a digest behind a gap is accepted", "I", { createLedger: () => new JumpingLedger() }),
  broken("the offset is taken when the event is sent", "I5", {
    queued: (frame, proven) => [{ ...frame, offset: Math.min(frame.place, proven) }],
  }, { events: [["direct"], ["direct"]], budget: { comings: 1, drops: 1 }, slow: true }),
  broken("the snapshot is of a replica", "I3", { stale: true }, { budget: {} }),
  broken("a cursor is sent during a catch-up", "I5", {
    pinged: (proven) => [{ place: 0, offset: proven }],
  }, { budget: { pings: 1 }, slow: true }),
  broken("an event is known by the last gsid", "I", { createLedger: () => new ForgetfulLedger() }),
  broken("a group joined is not read", "I", {
    told: (input) => input.do === "gained" ? [] : [input],
  }, JOINS),
  later(broken("a join met in a catch-up is not read anew", "I", {
    told: (input, _output, { live }) => input.do === "gained" && !live ? [] : [input],
  }, { ...JOINS, budget: { drops: 1, comings: 1 } })),
  broken("events do not name the membership before them", "I7", {
    published: ({ topic, live }) => ({ topic, live: { ...live, membership: 0 } }),
  }, LEAVES),
  broken("whoever leaves goes on hearing", "I7", {
    hub: ({ audience }) => audience.end = () => {},
  }, LEAVES),
  broken("an interval goes with its end", "I", {
    hub({ audience }) {
      const end = audience.end.bind(audience);
      audience.end = (...ended) => {
        end(...ended);
        audience.release(Infinity);
      };
    },
  }, { members: [DORA, OTTO], events: [["group"], ["Dora leaves"]] }),
  broken("the older connection takes the device", "takeover", {
    told: (input) => {
      if (input.do !== "control" || input.control.type !== "taken") return [input];
      return [{ ...input, control: { ...input.control, at: 3 } }];
    },
  }, { events: [], lingers: true, named: true }),
  broken("an answer counts though it was never sent", "I", {
    queued: (frame) => frame.place > 0 && frame.offset === 0 ? [] : [frame],
  }, { events: [["own direct"]], budget: {} }),
  broken("what was sent counts as received", "I10", {
    reported: (_position, proven) => proven,
  }, { budget: { pings: 1 } }),
  broken("the last event received counts for all before", "I10", {
    reported: (_position, _proven, got) => got,
  }, { budget: { pings: 1 } }),
  broken(
    "an origin answers before it commits",
    "acked-lost",
    { origins: { hasty: true } },
    ORIGINS,
  ),
  broken(
    "a send that is stored is stored again",
    "doubled",
    { origins: { forgetful: true } },
    ORIGINS,
  ),
  broken("a digest claims what was committed after it was read", "I", {
    origins: { digest: (digest, head, gsidOf) => ({ ...digest, upto: gsidOf(head) }) },
  }, ORIGINS),
  later(
    broken(
      "a digest wakes no idle group",
      "I",
      { hub: (hub) => hub.wakeNamed = () => false },
      IDLE,
    ),
  ),
];
