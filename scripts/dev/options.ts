/**
 * What may be said to `deno task dev`.
 *
 * Invariant: options that it returns can be acted upon; anything else ends as a usage error.
 *
 * @module
 */

import { Command } from "commander";
import { integerFrom } from "../cli/arguments.ts";
import { DEFAULT_STATE_FILE } from "./state.ts";

export interface DevOptions {
  edges: number;
  origins: number;
  /** The first edge's; 0 for free ports only. */
  port: number;
  /** Forget stored data first. */
  fresh: boolean;
  state: string;
  /** Whether a program that ends is started again. */
  restart: boolean;
}

const MAX_PORT = 65_535;

export function devCommand(): Command {
  return new Command("dev")
    .description("Starts the whole system on this machine, for real; Ctrl-C ends all of it.")
    .option("--edges <n>", "how many edges", integerFrom(1, 64), 2)
    .option("--origins <n>", "how many origins", integerFrom(1, 64), 1)
    .option(
      "--port <n>",
      "edge k listens on this port + k; 0: everything on free ports",
      integerFrom(0, MAX_PORT - 64),
      8000,
    )
    .option("--fresh", "forget stored data", false)
    .option("--state <file>", "where to write what runs where", DEFAULT_STATE_FILE)
    .option("--no-restart", "leave a program that ended dead")
    .addHelpText(
      "after",
      `
A part is not started when its address is in the environment: DATABASE_URL, NATS_URL,
UPSTASH_REDIS_REST_URL with UPSTASH_REDIS_REST_TOKEN. A database that is given is migrated only with
DATABASE_OWNER_URL beside it. Everything else in the environment is passed
on to what is started. Stored data and logs are in .cache/dev.`,
    );
}
