/**
 * What is the same in all runs, or planted in some: how programs are set, and what is wrong with them.
 *
 * @module
 */

import type { EdgeConfig } from "edge/config.ts";
import type { OriginConfig } from "origin/config.ts";
import { edgeConfig, type EdgeProcess } from "./real/edge.ts";
import { originConfig, type OriginProcess } from "./real/origin.ts";
import type { Limits } from "./model/postgres/statement.ts";
import type { Models } from "./models.ts";

/** What a plant may look at of the world that its program is in. */
interface Surroundings {
  readonly edges: readonly EdgeProcess[];
  readonly models: Models;
}

/** Something wrong on purpose, to see that it is found. */
export interface Plant {
  /** Changes what all programs share; gives what undoes it. */
  install?(): () => void;
  edge?(edge: EdgeProcess, world: Surroundings): void;
  origin?(origin: OriginProcess, world: Surroundings): void;
}

export interface Settings {
  edge: EdgeConfig;
  origin: OriginConfig;
  limits: Limits;
  plant?: Plant;
}

const DAY_MS = 24 * 60 * 60_000;

/**
 * Of a seed: in every fourth world groups are large, so that the pager pushes to them; in every
 * third a digest holds little; in every second a page does; in two of five groups are idle soon.
 */
export function settingsOf(seed: number): Settings {
  const archiveAfterMs = seed % 5 === 1 ? 400 : seed % 5 === 2 ? 5_000 : DAY_MS;
  return {
    edge: edgeConfig(archiveAfterMs),
    origin: originConfig(seed % 4 === 3 ? 2 : 1_000, archiveAfterMs),
    limits: { digestEvents: seed % 3 === 2 ? 3 : 8_000, pageEvents: seed % 2 === 1 ? 3 : 1_000 },
  };
}
