/**
 * `deno task init` as a program.
 *
 * @module
 */

import { runCommand } from "../cli/run.ts";
import { initCommand } from "./command.ts";

const terminal = {
  print: (line: string) => console.log(line),
  tell: (line: string) => console.error(line),
};
Deno.exit(await runCommand(initCommand(terminal), Deno.args, terminal));
