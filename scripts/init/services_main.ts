/**
 * `deno task services`: what a deployment of one's own stands on, on this machine, until Ctrl-C.
 *
 * @module
 */

import { Command } from "commander";
import { runCommand } from "../cli/run.ts";
import { untilToldToStop } from "../cli/stop_signals.ts";
import { progressWriter } from "../dev/progress.ts";
import { startOwnServices } from "./own_services.ts";

const encoder = new TextEncoder();
const write = (text: string) => void Deno.stdout.writeSync(encoder.encode(text));

const command = new Command("services")
  .description("Starts Postgres, NATS and a store for presence as a folder of settings names them.")
  .argument("<folder>", "that deno task init made")
  .addHelpText(
    "after",
    `
For whoever has none of them yet. What the settings name on another machine is not started. Data and
logs are in the folder. They listen to this machine alone, and its Postgres trusts whoever is on it:
give a deployment that others use a Postgres that asks for the passwords.`,
  )
  .action(async (folder: string) => {
    const stopped = untilToldToStop();
    const starting = startOwnServices({
      folder,
      natsServer: Deno.env.get("NATS_SERVER"),
      report: progressWriter(write, Deno.stdout.isTerminal()),
    });
    const first = await Promise.race([starting, stopped]);
    if (typeof first !== "string") {
      write("\nThe services are up. Ctrl-C ends them; what they store stays.\n");
      await stopped;
    }
    write("\nStopping …\n");
    await (await starting)[Symbol.asyncDispose]();
  });

const print = (line: string) => write(`${line}\n`);
Deno.exit(await runCommand(command, Deno.args, { print, tell: print }));
