/**
 * What may be said to `deno task prove`.
 *
 * Invariant: options that it returns can be acted upon; anything else ends as a usage error.
 *
 * @module
 */

import { Command, InvalidArgumentError } from "commander";
import { integerFrom } from "../cli/arguments.ts";
import { UsedWrongly } from "../cli/run.ts";
import { minutesOf } from "./list.ts";
import type { Part } from "./part.ts";

export interface ProveOptions {
  /** Default: the short lane. */
  part?: Part[];
  times: number;
  /** Default: two of the short lane, one of those that are named. */
  atOnce?: number;
  /** Figures over their limits are told, and fail nothing. */
  untimed?: boolean;
  /** Default: another one each time. */
  seed?: number;
  scoreboard: string;
  list?: true;
  markdown?: true;
  json?: true;
}

export const CACHE = ".cache/prove";
/** Of the short lane: its parts mostly wait. */
export const AT_ONCE = 2;
const MAX_SEED = 2 ** 31;

export function proveCommand(parts: readonly Part[]): Command {
  const minutes = minutesOf(parts, AT_ONCE);
  const find = (name: string) => parts.find((one) => one.name === name);
  const named = (names: string, chosen: Part[] = []) => {
    const found = names.split(",").map((name) => {
      const part = find(name);
      if (part) return part;
      const all = parts.map((one) => one.name).join(", ");
      throw new InvalidArgumentError(`There is no part "${name}". There are: ${all}.`);
    });
    return [...chosen, ...found];
  };
  return new Command("prove")
    .description("Tries to break what is promised, and adds what came of it to the scoreboard.")
    .showHelpAfterError("See --help.")
    .allowExcessArguments()
    .hook("preAction", ({ args: [first] }) => {
      if (first === undefined) return;
      const hint = find(first) ? `did you mean --part ${first}?` : "see --help";
      throw new UsedWrongly(`Cannot take "${first}": ${hint}`);
    })
    .option("--part <name>", "only this part, or these: a,b; may be said several times", named)
    .option("--times <n>", "how often each part is run", integerFrom(1, 10_000), 1)
    .option(
      "--seed <n>",
      "where chance begins; run k of a part has n + k",
      integerFrom(0, MAX_SEED),
    )
    .option(
      "--at-once <n>",
      "so many run beside each other (default: 2; 1 with --part)",
      integerFrom(1, 16),
    )
    .option("--untimed", "fail nothing for how long it took")
    .option("--scoreboard <file>", "what the runs are added to", `${CACHE}/scoreboard.json`)
    .option("--list", "say which parts there are, and run none")
    .option("--markdown", "print the scoreboard as PROOF.md shows it, and run none")
    .option("--json", "print the runs as JSON, a line each, and nothing else")
    .addHelpText(
      "after",
      `
Without --part all parts run that --list does not call long, two at a time. That takes about ${minutes}
minutes. Most start a whole system and load it: have 2 cores and 4 GiB of memory to spare. What is
measured with --part, one at a time, is measured better; where nobody knows how busy a machine is,
--untimed judges what happened, and not how long it took: figures over their limits are told and fail
nothing, and of several runs, what else a busy machine may do by itself is tried once more, alone.

The last line says how many runs passed and how many failed; one that found an anomaly has failed.
Its histories and logs are then in ${CACHE}/failed/.

Exit codes: 0 every run passed, 1 one failed or could not be made, 2 used wrongly, 130 interrupted.
What the parts are called, do and take: see --list. What it all shows: scripts/prove/PROOF.md.`,
    );
}
