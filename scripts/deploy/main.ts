/**
 * `deno task deploy` as a program: with the real clocks, files, terminal and environment.
 *
 * @module
 */

import { userInfo } from "node:os";
import { join } from "node:path";
import { passOverForsakenSockets } from "shared/forsaken_sockets.ts";
import denoJson from "../../deno.json" with { type: "json" };
import { runCommand } from "../cli/run.ts";
import { deploy } from "./command.ts";

const INTERRUPTED = 130;
const encoder = new TextEncoder();
const write = (text: string) => void Deno.stdout.writeSync(encoder.encode(text));
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => {
    // Whoever asks twice does not want to wait.
    if (interrupted.signal.aborted) Deno.exit(INTERRUPTED);
    interrupted.abort(new Error("it was interrupted"));
    console.error("\nWhat was rolled goes back, once this step is done. Again: it stays as it is.");
  });
}
// A server that refuses a wrong secret must not end a deployment halfway.
passOverForsakenSockets(globalThis);
const terminal = {
  print: (line: string) => write(`${line}\n`),
  tell: (line: string) => console.error(line),
  isTerminal: Deno.stdin.isTerminal() && Deno.stdout.isTerminal(),
  write,
  ask: (question: string) => confirm(question),
  interrupted: interrupted.signal,
};
const command = deploy(terminal, {
  root: join(import.meta.dirname!, "../.."),
  environment: Deno.env.toObject(),
  by: `${userInfo().username}@${Deno.hostname()}`,
  originTask: denoJson.tasks.origin.command,
  nowMs: Date.now,
  elapsedMs: () => performance.now(),
  readText: Deno.readTextFileSync,
});
Deno.exit(await runCommand(command, Deno.args, terminal));
