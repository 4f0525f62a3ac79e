/**
 * The commands of the terminal: `deno task token`, `send`, `tail`, `trace`, `drain`,
 * `presence`, `kick`, `revoke`.
 *
 * @module
 */

import { Command } from "commander";
import { drainCommand, kickCommand, presenceCommand, revokeCommand } from "./operate.ts";
import { runCommand } from "./run.ts";
import { sendCommand } from "./send.ts";
import { tailCommand } from "./tail.ts";
import type { Terminal } from "./terminal.ts";
import { tokenCommand } from "./token.ts";
import { traceCommand } from "./trace.ts";

const interrupted = Promise.withResolvers<void>();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => interrupted.resolve());
}
const terminal: Terminal = {
  print: (line) => console.log(line),
  tell: (line) => console.error(line),
  environment: Deno.env.toObject(),
  interrupted: interrupted.promise,
};
const commands = new Command("deno task").description("Fanfare from a terminal.");
for (
  const make of [
    tokenCommand,
    sendCommand,
    tailCommand,
    traceCommand,
    drainCommand,
    presenceCommand,
    kickCommand,
    revokeCommand,
  ]
) {
  commands.addCommand(make(terminal));
}
Deno.exit(await runCommand(commands, Deno.args, terminal));
