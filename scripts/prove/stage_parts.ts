/**
 * What a stage is made of, and what a part may ask of it.
 *
 * Invariant: they are values that a stage is put together from and settled by; nothing here starts or
 * judges anything.
 *
 * @module
 */

import type { System } from "../dev/supervised_system.ts";
import type { SystemOptions } from "../dev/system.ts";
import type { Expectations } from "./history/evidence.ts";
import type { Recorder } from "./history/recorder.ts";
import type { Load } from "./load/load.ts";
import type { Population } from "./load/population.ts";
import type { LoadSize } from "./load/size.ts";
import type { MemoryWatch } from "./memory.ts";
import type { Figures, PartContext } from "./part.ts";

/** How long what is owed may take after the last answer, before it counts as missing. */
export interface Patience {
  deliveredMs: number;
  pushedMs: number;
}

export interface StageOptions extends Omit<Expectations, "live"> {
  size?: LoadSize;
  system?: SystemOptions;
  /** Another system than that, which is the stage's from then on. */
  startSystem?: () => Promise<System>;
  /** Where clients find the edges; default: at the edges themselves. */
  edgesOf?: (system: System) => string[];
  /** How long settling waits for what is owed. Default: as long as it may take. */
  patience?: Partial<Patience>;
  /** Figures that must be there, and must not be higher. */
  limits?: Figures;
}

/** What a stage is made of. */
export interface StageParts {
  context: PartContext;
  options: StageOptions;
  size: LoadSize;
  system: System;
  recorder: Recorder;
  population: Population;
  load: Load;
  memory: MemoryWatch;
}
