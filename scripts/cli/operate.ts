/**
 * `drain EDGE`, `presence USER`, `kick USER`: a hand on a running system.
 *
 * @module
 */

import { Command } from "commander";
import { callApi } from "./api.ts";
import { CommandFailed, UsedWrongly } from "./run.ts";
import {
  type JsonOption,
  runningState,
  type StateOption,
  type Terminal,
  withJson,
  withState,
} from "./terminal.ts";

export function drainCommand(terminal: Terminal): Command {
  const command = new Command("drain")
    .description("Lets an edge or origin end in good order; its clients go to others.")
    .argument("<program>", "such as edge-0");
  return withState(command).action(async (id: string, options: StateOption) => {
    const { edges, origins } = await runningState(options);
    const programs = [...edges, ...origins];
    const program = programs.find((one) => one.id === id);
    if (!program) {
      throw new UsedWrongly(
        `there is no "${id}", only ${programs.map((one) => one.id).join(", ")}`,
      );
    }
    const key = terminal.environment.ADMIN_KEY;
    const response = await fetch(`${program.internal}/drain`, {
      method: "POST",
      ...(key !== undefined && { headers: { "X-Admin-Key": key } }),
    });
    const text = await response.text();
    if (!response.ok) throw new CommandFailed(`${id} answered ${response.status}: ${text}`);
    terminal.print(`${id} drains`);
  });
}

/** `unknown`: the store could not say. */
type Presence = Record<string, { online: boolean; unknown?: true }>;

export function presenceCommand(terminal: Terminal): Command {
  const command = new Command("presence")
    .description("Says whether users are online.")
    .argument("<users...>");
  return withJson(withState(command)).action(
    async (users: string[], options: StateOption & JsonOption) => {
      const presence = await callApi<Presence>(await runningState(options), "presence", { users });
      if (options.json) terminal.print(JSON.stringify(presence));
      else {
        for (const user of users) {
          const { online, unknown } = presence[user]!;
          terminal.print(`${user}  ${online ? "online" : unknown ? "unknown" : "offline"}`);
        }
      }
    },
  );
}

export function kickCommand(terminal: Terminal): Command {
  const command = new Command("kick")
    .description("Ends a user's connections; the SDK does not come back by itself.")
    .argument("<user>")
    .option("--device <device>", "only those of this device");
  return withState(command).action(
    async (user: string, options: StateOption & { device?: string }) => {
      const { device } = options;
      const data = { user, ...(device !== undefined && { device }) };
      await callApi(await runningState(options), "disconnect", data);
      terminal.print(`${user} is disconnected`);
    },
  );
}
