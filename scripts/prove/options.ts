/**
 * What may be said to `deno task prove`.
 *
 * Invariant: options that it returns can be acted upon; anything else ends as a usage error.
 *
 * @module
 */

import { Command, InvalidArgumentError } from "commander";
import { integerFrom } from "../cli/arguments.ts";
import type { Part } from "./part.ts";

export interface ProveOptions {
  /** Default: the short lane. */
  part?: Part[];
  times: number;
  /** Default: another one each time. */
  seed?: number;
  scoreboard: string;
  list?: true;
  markdown?: true;
  json?: true;
}

export const CACHE = ".cache/prove";
const MAX_SEED = 2 ** 31;

export function proveCommand(parts: readonly Part[]): Command {
  const named = (name: string, chosen: Part[] = []) => {
    const part = parts.find((one) => one.name === name);
    if (part) return [...chosen, part];
    throw new InvalidArgumentError(`There are: ${parts.map((one) => one.name).join(", ")}.`);
  };
  return new Command("prove")
    .description("Tries to break what is promised, and adds what came of it to the scoreboard.")
    .option("--part <name>", "only this part; may be said several times", named)
    .option("--times <n>", "how often each part is run", integerFrom(1, 10_000), 1)
    .option(
      "--seed <n>",
      "where chance begins; run k of a part has n + k",
      integerFrom(0, MAX_SEED),
    )
    .option("--scoreboard <file>", "what the runs are added to", `${CACHE}/scoreboard.json`)
    .option("--list", "say which parts there are, and run none")
    .option("--markdown", "print the scoreboard as PROOF.md shows it, and run none")
    .option("--json", "print the runs as JSON, a line each")
    .addHelpText(
      "after",
      `
The last line says how many runs passed and how many failed; one that found an anomaly has failed.
Its histories and logs are then in ${CACHE}/failed/.`,
    );
}
