/**
 * What may be said to several targets, on the command line.
 *
 * Invariant: each option is one object, so that a command has it once, however many targets take it.
 *
 * @module
 */

import { Option } from "commander";
import { integerFrom } from "../../cli/arguments.ts";

/** By the names that commander gives. */
export interface SharedOptions {
  to?: string;
  edges?: number;
  origins?: number;
  port?: number;
  apiPort?: number;
  readyWithin: number;
}

const MAX_PORT = 65_535;
const MOST_REPLICAS = 64;

const replicas = (what: string) =>
  new Option(`--${what}s <n>`, `how many ${what}s; default: as many as run, or two`)
    .argParser(integerFrom(1, MOST_REPLICAS));
const port = (flag: string, words: string) =>
  new Option(`--${flag} <n>`, words).argParser(integerFrom(0, MAX_PORT));

export const TO = new Option(
  "--to <folder>",
  "local, ssh: where releases, settings and logs are kept; default: .cache/deploy, /opt/fanfare",
);
export const EDGES = replicas("edge");
export const ORIGINS = replicas("origin");
export const PORT = port(
  "port",
  "local, ssh: where clients connect, to the first edge of a host; default: PORT of its settings",
);
export const API_PORT = port(
  "api-port",
  "local, ssh: where the server API is, of the first origin of a host; default: as above",
);
