/**
 * What an action is: one thing that can be done to a world, and how often it is.
 *
 * Invariant: all that it does comes from the world's own chance and time. Knows no other action.
 *
 * @module
 */

import type { World } from "../world.ts";
import type { Weighted } from "./choice.ts";

export interface Action extends Weighted {
  /** Does nothing where it makes no sense. */
  run(world: World): void;
}
