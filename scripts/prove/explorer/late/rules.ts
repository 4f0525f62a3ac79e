/**
 * What must hold in every state of the late check's worlds.
 *
 * Invariant: whatever is old enough and checked was received, or somebody is pushed it. A rule only
 * reads; what a step did wrong is written into the state by whoever did it.
 *
 * @module
 */

import { DORA, OTTO } from "../world/cast.ts";
import type { Database } from "./database.ts";
import { AT } from "./fields.ts";
import { FAULTS } from "./steps.ts";

/** Of events, each by its bit in a set of them. */
export const PLACES = [1, 2, 3];

/** What is wrong in a state, in words. */
export function faultIn(s: Int32Array, database: Database): string | undefined {
  const upto = 2 ** (s[AT.mark]! + 1) - 2;
  const head = s[AT.head]!;
  const got = s[AT.got]! | laptopHas(s);
  const doras = database.messagesTo(DORA, head) & ~got & ~s[AT.doras]! & upto;
  const ottos = database.messagesTo(OTTO, head) & ~s[AT.ottos]! & upto;
  if (doras) return `left out: Dora has neither ${list(doras)} nor a push of it`;
  if (ottos) return `left out: Otto has no push of ${list(ottos)}`;
  if (s[AT.mark]! > s[AT.ripe]!) return "early: the mark is beyond what is old enough";
  return FAULTS[s[AT.wrong] as keyof typeof FAULTS];
}

function laptopHas(s: Int32Array): number {
  return 2 ** (s[AT.laptop]! + 1) - 2 ** (s[AT.began]! + 1);
}

function list(places: number): string {
  return PLACES.filter((place) => places & (1 << place)).join(", ");
}
