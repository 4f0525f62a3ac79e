/**
 * What a scene is: a small system, and what is done to it so that a bug would show soon.
 *
 * Invariant: a scene breaks only what the promises allow to break, so on the source as it is the
 * history checker finds nothing. It says what happens, and nothing of how that is judged.
 *
 * @module
 */

import type { Expectations } from "../../history/evidence.ts";
import type { Cast, CastOptions } from "./cast.ts";

export interface Scene extends CastOptions {
  readonly about: string;
  readonly expect?: Omit<Expectations, "live">;
  /** Each `yield` is a moment in which no send is under way: the histories may be looked at. */
  play(cast: Cast): AsyncGenerator<void>;
}
