/**
 * `deno task check` as a program: with the real clocks, files and environment.
 *
 * @module
 */

import denoJson from "../../deno.json" with { type: "json" };
import { runCommand } from "../cli/run.ts";
import { checkCommand } from "./command.ts";

const terminal = {
  print: (line: string) => console.log(line),
  tell: (line: string) => console.error(line),
  environment: Deno.env.toObject(),
  originTask: denoJson.tasks.origin.command,
};
const command = checkCommand(terminal, {
  nowMs: Date.now,
  elapsedMs: () => performance.now(),
  readText: Deno.readTextFileSync,
});
Deno.exit(await runCommand(command, Deno.args, terminal));
