/**
 * Worlds of the late check: two origins check at once, each as slow as it likes.
 *
 * @module
 */

import type { Configuration } from "./configurations.ts";
import type { LateBends } from "./late/bends.ts";
import { AT } from "./late/fields.ts";
import { LateModel, type LateScope } from "./late/model.ts";
import { DORA } from "./world/cast.ts";
import type { Kind } from "./world/history.ts";

const TWO: readonly Kind[] = ["direct", "group"];
const STAYS: readonly Kind[] = ["direct", "group", "direct"];
const LEAVES: readonly Kind[] = ["group", "Dora leaves", "group"];

function configuration(
  name: string,
  scope: LateScope,
  more: Pick<Configuration, "lane" | "cycles"> = {},
): Configuration {
  return { name: `late check: ${name}`, ...more, create: () => new LateModel(scope) };
}

function broken(
  rule: string,
  finds: string,
  bends: LateBends,
  scope: Partial<LateScope> = {},
): Configuration {
  const usual: LateScope = { story: TWO, rows: 1, budget: {} };
  const create = () => new LateModel({ ...usual, ...scope, bends });
  return { name: `broken: ${rule}`, lane: "light", finds, create };
}

export const LATE_CHECKS: readonly Configuration[] = [
  configuration("a crash", { story: TWO, budget: { crashes: 1 } }, { lane: "light", cycles: true }),
  configuration("three messages, a crash", { story: STAYS, budget: { crashes: 1 } }),
  configuration("an event at a time, a crash", { story: STAYS, rows: 1, budget: { crashes: 1 } }),
  configuration("two crashes", { story: TWO, rows: 1, budget: { crashes: 2 } }),
  configuration("a statement fails", { story: TWO, rows: 1, budget: { failures: 1, crashes: 1 } }),
  configuration("a connection ended", { story: TWO, rows: 1, budget: { endings: 1, crashes: 1 } }),
  configuration("a laptop begins at the head", { story: TWO, rows: 1, laptop: true, budget: {} }, {
    lane: "light",
  }),
  configuration("a laptop, a crash", { story: TWO, rows: 1, laptop: true, budget: { crashes: 1 } }),
  configuration("she leaves", { story: LEAVES, rows: 1, budget: { crashes: 1 } }),
];

export const BROKEN_LATE_CHECKS: readonly Configuration[] = [
  broken("the mark moves before the jobs are written", "left out", {
    torn: ({ mark }, before) => ({ ...unchanged(before), mark }),
  }, { budget: { crashes: 1 } }),
  broken("the mark moves to the head", "left out", {
    ran: (ran, before) => ran.mark > before[AT.mark]! ? { ...ran, mark: before[AT.ripe]! } : ran,
  }),
  broken("presence has a say", "left out", {
    read: (_query, rows) => rows.filter((row) => (row as { user_id?: string }).user_id !== DORA),
  }),
  broken("the last that was received counts for all before", "left out", {
    reported: (_position, last) => last,
  }),
  broken("a device speaks for what came before it began", "left out", {
    began: () => 0,
  }, { laptop: true }),
  broken("the slower checker moves the mark back", "mark", {
    ran: (ran, before, { values: [upto, expected], shape }) => {
      if (!shape.startsWith("with moved as ( update audit")) return ran;
      const isSlower = (expected as number) / 4096 - 1 < before[AT.mark]!;
      return isSlower ? { ...ran, mark: (upto as number) / 4096 - 1 } : ran;
    },
  }),
  broken("what is known to be received is pushed", "known", {
    check: ({ positions }) => positions.of = () => [],
  }),
  broken("a job that is there is made again", "twice", { forgets: true }, {
    budget: { endings: 1 },
  }),
  broken("an event is judged before its time", "early", { early: true }),
];

function unchanged(before: Int32Array) {
  return {
    rows: [],
    count: undefined,
    mark: before[AT.mark]!,
    doras: before[AT.doras]!,
    ottos: before[AT.ottos]!,
    again: false,
  };
}
