/**
 * Worlds of delivery: an edge, Dora's device, and the adversary between them and the database.
 *
 * @module
 */

import type { Configuration } from "./configurations.ts";
import { edgeModel, type Scope } from "./scope.ts";
import { DORA, OTTO } from "./world/cast.ts";
import type { Kind } from "./world/history.ts";

const MESSAGES: readonly Kind[] = ["direct", "group"];
const CHANGES: readonly Kind[] = [...MESSAGES, "Dora joins", "Dora leaves"];

function messages(count: number): (readonly Kind[])[] {
  return Array.from({ length: count }, () => MESSAGES);
}

function configuration(
  name: string,
  scope: Scope,
  more: Pick<Configuration, "lane" | "cycles"> = {},
): Configuration {
  return { name, ...more, create: () => edgeModel(scope) };
}

/** Four commits cannot all be free: these are the stories that differ. */
const STORIES: Record<string, Scope> = {
  "she joins, and a message follows": {
    members: [OTTO],
    events: [["Dora joins"], ["group"], MESSAGES],
  },
  "she joins and leaves": { members: [OTTO], events: [["Dora joins"], ["group"], ["Dora leaves"]] },
  "she leaves, and a message follows": {
    members: [DORA, OTTO],
    events: [["group"], ["Dora leaves"], ["group"]],
  },
  "she leaves and joins again": {
    members: [DORA, OTTO],
    events: [["Dora leaves"], ["group"], ["Dora joins"]],
  },
};

/** They take more than a gigabyte. */
const LONG: readonly string[] = ["she joins and leaves", "she leaves and joins again"];

export const DELIVERIES: readonly Configuration[] = [
  configuration("messages", { events: messages(2), budget: { drops: 1 } }, {
    lane: "light",
    cycles: true,
  }),
  configuration("three messages", { events: messages(3), budget: { drops: 1 } }),
  configuration("two origins, an edge, a device, a message, a crash anywhere", {
    ...{ events: [["direct"]], origins: true, budget: { crashes: 1 } },
  }, { lane: "light", cycles: true }),
  configuration("two origins, an edge, a device, three messages, a crash anywhere", {
    ...{ events: [["direct"], ["group"], ["direct"]], origins: true, budget: { crashes: 1 } },
  }),
  configuration("edge crashes", { events: messages(2), budget: { drops: 1, crashes: 1 } }),
  configuration("another comes and goes", {
    events: messages(2),
    budget: { drops: 1, comings: 2 },
  }),
  configuration("reads fail", { events: messages(2), budget: { drops: 1, failures: 2 } }),
  configuration("long ago", { events: messages(2), budget: { drops: 1 }, spacingMs: 11_000 }),
  configuration("slow reader, short pages", {
    ...{ events: messages(2), budget: { drops: 1 }, slow: true, pageEvents: 1 },
  }, { cycles: true }),
  configuration("every wait is a step", {
    ...{ events: messages(2), budget: { drops: 1 }, flush: true, grace: true },
  }),
  configuration("full buffer", { events: messages(3), bufferEvents: 1 }),
  configuration("receipts", { events: messages(2), budget: { drops: 1, pings: 2 } }),
  configuration("own sends", {
    events: Array.from({ length: 2 }, () => ["direct", "own direct", "own group"] as const),
    budget: { drops: 1 },
  }),
  configuration("half-open connection", {
    ...{ events: messages(2), budget: { drops: 1 }, lingers: true, named: true },
  }),
  configuration("two connections, both read", {
    ...{ events: messages(2), budget: { connects: 2 }, bothRead: true },
  }),
  configuration("memberships", {
    ...{ events: [CHANGES, CHANGES], members: [OTTO], budget: { drops: 1 } },
  }, { cycles: true }),
  ...Object.entries(STORIES).map(([name, story]) =>
    configuration(name, story, { lane: LONG.includes(name) ? "deep" : "short" })
  ),
  ...Object.entries(STORIES).map(([name, story]) =>
    configuration(`${name}; a drop`, { ...story, budget: { drops: 1 } }, { lane: "deep" })
  ),
  configuration("idle group", {
    events: [["direct"], ["direct"], ["group"]],
    ...{ budget: { drops: 1 }, archiveAfterMs: 1 },
  }),
];
