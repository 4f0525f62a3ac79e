/**
 * `deno task migrate` as a program: with the real files and environment.
 *
 * @module
 */

import { runCommand } from "../cli/run.ts";
import { migrateCommand } from "./command.ts";

const terminal = {
  print: (line: string) => console.log(line),
  tell: (line: string) => console.error(line),
  environment: Deno.env.toObject(),
  readText: Deno.readTextFileSync,
};
Deno.exit(await runCommand(migrateCommand(terminal), Deno.args, terminal));
