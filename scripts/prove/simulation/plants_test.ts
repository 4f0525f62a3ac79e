/**
 * A search that finds nothing must be able to find: each bug is planted, and seen.
 *
 * @module
 */

import assert from "node:assert/strict";
import { inOwnTurn } from "./model/microtasks.ts";
import { StatementFinder } from "./model/postgres/query.ts";
import { run } from "./run.ts";
import { type Plant, settingsOf } from "./settings.ts";
import { PLANTS } from "./testing/plants.ts";

const finder = new StatementFinder();
/** Runs change whenever the programs do: then another seed shows it. */
const MOST_SEEDS = 1_000;

interface Shown {
  /** Looked at first. */
  seed: number;
  /** What is found, in whatever seed. */
  found: RegExp;
}

const MENDED = /had to be mended/;
const SKIPPED = /may resume from \d+, but has not got/;
const NOT_HANDED = /proven moved to .* was not handed to/;

const SHOWN: Record<keyof typeof PLANTS, Shown> = {
  "an edge does not pass on what a digest says was revoked": {
    seed: 1,
    found: /is connected by a revoked token, and its edge has proven that/,
  },
  "a connect is not told what was revoked before": {
    seed: 1,
    found: /was let in by a token that is revoked/,
  },
  "a job that nobody took stays in the way of the late check": {
    seed: 1,
    found: /neither shown nor pushed/,
  },
  "a cursor is the event's own gsid": { seed: 1, found: SKIPPED },
  "proven moves before what is missing is handed out": { seed: 1, found: NOT_HANDED },
  "a connection in catch-up is skipped by the digest": { seed: 15, found: SKIPPED },
  "the late check trusts presence": { seed: 1, found: /neither shown nor pushed|spared a push/ },
  "a device that begins at the head is taken to have received what came before": {
    seed: 1,
    found: /reported to have received everything/,
  },
  "an origin does not look where what was received begins": {
    seed: 9,
    found: /neither shown nor pushed|spared a push/,
  },
  "a device that resumes is taken to have received what came before its cursor": {
    seed: 1,
    found: /reported to have received everything/,
  },
  "what was received is not capped by what was proven": {
    seed: 2,
    found: /reported to have received everything/,
  },
  "the catch-up is read before the topics are entered": {
    seed: 49,
    found: /had to be mended|without being a member|has not got/,
  },
  "a repeat is known by the last gsid, not by the set": { seed: 2, found: NOT_HANDED },
  "an old connection takes a newer one's presence away": {
    seed: 1,
    found: /presence of \w+ was written without connection/,
  },
  "a commit whose answer was lost is tried again as new": { seed: 4, found: /stored twice/ },
  "a repeat is called new": { seed: 2, found: /was called new twice/ },
  "presence is read before the commit": { seed: 28, found: MENDED },
  "who is a member is decided when an event is handed out": {
    seed: 7,
    found: /had to be mended|without being a member|has not got/,
  },
  "that somebody is offline is remembered": {
    seed: 7,
    found: /had to be mended|is pushed \d+ by the (fast path|pager), though/,
  },
};

async function violationOf(seed: number, plant?: Plant): Promise<string | undefined> {
  const settings = { ...settingsOf(seed), ...(plant && { plant }) };
  return (await inOwnTurn(() => run(seed, { finder, settings }))).violation;
}

for (const [name, plant] of Object.entries(PLANTS)) {
  Deno.test(`the simulation finds it when ${name}`, async () => {
    const { seed: first, found } = SHOWN[name]!;
    const others = Array.from({ length: MOST_SEEDS }, (_, at) => at + 1);
    for (const seed of [first, ...others]) {
      const violation = await violationOf(seed, plant);
      if (violation === undefined) continue;
      assert.match(violation, found);
      assert.equal(await violationOf(seed), undefined, "it is the plant that is found");
      return;
    }
    assert.fail(`none of ${MOST_SEEDS} seeds shows it`);
  });
}
