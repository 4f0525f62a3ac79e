/**
 * `drain EDGE`, `presence USER`, `kick USER`, `revoke USER`: a hand on a running system.
 *
 * @module
 */

import { Command } from "commander";
import { callApi } from "./api.ts";
import { integerFrom } from "./arguments.ts";
import { CommandFailed, UsedWrongly } from "./run.ts";
import {
  type JsonOption,
  runningState,
  runningSystem,
  type StateOption,
  type SystemOption,
  type Terminal,
  withJson,
  withState,
  withSystem,
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
  return withJson(withSystem(command)).action(
    async (users: string[], options: SystemOption & JsonOption) => {
      const presence = await callApi<Presence>(await runningSystem(options), "presence", { users });
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
  return withSystem(command).action(
    async (user: string, options: SystemOption & { device?: string }) => {
      const { device } = options;
      const data = { user, ...(device !== undefined && { device }) };
      await callApi(await runningSystem(options), "disconnect", data);
      terminal.print(`${user} is disconnected`);
    },
  );
}

type RevokeOptions = SystemOption & JsonOption & { device?: string; before?: number };

/** 9999-12-31. */
const LATEST_S = 253_402_300_799;

export function revokeCommand(terminal: Terminal): Command {
  const command = new Command("revoke")
    .description(
      "Refuses a user's tokens that were issued before a moment, and ends what they let in.",
    )
    .argument("<user>")
    .option("--device <device>", "only those of this device")
    .option(
      "--before <time>",
      "in seconds since 1970, as iat is; now, when left out",
      integerFrom(1, LATEST_S),
    );
  return withJson(withSystem(command)).action(async (user: string, options: RevokeOptions) => {
    const { device, before: asked, json } = options;
    const data = {
      user,
      ...(device !== undefined && { device }),
      ...(asked !== undefined && { before: asked }),
    };
    const { before } = await callApi<{ before: number }>(
      await runningSystem(options),
      "revoke",
      data,
    );
    const moment = new Date(before * 1000).toISOString();
    terminal.print(
      json
        ? JSON.stringify({ user, ...(device !== undefined && { device }), before })
        : `tokens of ${user} that were issued before ${moment} are refused`,
    );
  });
}
