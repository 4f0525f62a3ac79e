/**
 * `deno task check` as a program: with the real clocks, files and environment.
 *
 * @module
 */

import { passOverForsakenSockets } from "shared/forsaken_sockets.ts";
import denoJson from "../../deno.json" with { type: "json" };
import { runCommand } from "../cli/run.ts";
import { checkCommand } from "./command.ts";

const terminal = {
  print: (line: string) => console.log(line),
  tell: (line: string) => console.error(line),
  environment: Deno.env.toObject(),
  originTask: denoJson.tasks.origin.command,
};
// What a server does that refuses a wrong secret is told in words, not by dying of it.
passOverForsakenSockets(globalThis);
const command = checkCommand(terminal, {
  nowMs: Date.now,
  elapsedMs: () => performance.now(),
  readText: Deno.readTextFileSync,
});
Deno.exit(await runCommand(command, Deno.args, terminal));
