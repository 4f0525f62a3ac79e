/**
 * What a kind of target is: what may be said to it on the command line, and how it is opened.
 *
 * Invariant: what is wrong with what was said is found before anything is done. Knows no target.
 *
 * @module
 */

import type { Option } from "commander";
import type { Environment } from "shared/config/read.ts";
import type { Target, TargetName } from "./target.ts";

/** What of the machine around it a target is handed. */
export interface TargetContext {
  readonly environment: Environment;
  /** Takes a line on how it goes on. */
  report(line: string): void;
  /** Wall clock, ms since 1970. */
  nowMs(): number;
}

/** What was said on the command line, by the names that commander gives. */
export type TargetOptions = Readonly<Record<string, unknown>> & {
  /** How long a replica may take to be ready, in seconds. */
  readonly readyWithin: number;
};

export interface TargetKind {
  readonly name: TargetName;
  /** One short line for `--help`. */
  readonly about: string;
  /** What may be said to it, besides what may be said to all. */
  readonly options: readonly Option[];
  /** @throws {UsedWrongly} With everything that is missing or wrong. */
  open(options: TargetOptions, context: TargetContext): Promise<Target>;
}
