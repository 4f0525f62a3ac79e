/**
 * By which words a release's own programs are started, wherever that is, and what is said of several
 * targets.
 *
 * Invariant: the permissions are those of the release's own tasks, the network narrowed to what its
 * settings name; and it starts from what was installed, whether or not the registry of packages
 * answers.
 *
 * @module
 */

import type { Environment } from "shared/config/read.ts";
import {
  narrowNetwork,
  type ProgramKind,
  startCommand,
  type Tasks,
} from "../../dev/start_command.ts";

/** Of a target whose edges come and go by themselves. */
export const ONE_USER =
  "its edges come and go by themselves, and so are one user at NATS: who takes one hears what the " +
  "others are answered";

export function tasksIn(denoJson: string): Tasks {
  return (JSON.parse(denoJson) as { tasks: Tasks }).tasks;
}

/** `deno`: the program. @throws {Error} When the task is no run of Deno. */
export function startWords(
  deno: string,
  kind: ProgramKind,
  tasks: Tasks,
  network: readonly string[],
): string[] {
  const [, run, ...args] = startCommand(kind, tasks);
  if (run !== "run") throw new Error(`Cannot start ${kind}: its task does not begin with deno run`);
  return [deno, "run", "--cached-only", ...narrowNetwork(args, network)];
}

const TEXT_OR_PATH: Readonly<Record<string, string>> = {
  FCM_CREDENTIAL: "{",
  APNS_KEY: "-----BEGIN",
  PUSH_CA: "-----BEGIN",
};

/** A path is of the machine that deploys: what may be one becomes what the file holds. */
export function withTexts(settings: Environment, readText: (path: string) => string): Environment {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => {
      const begins = TEXT_OR_PATH[name];
      const isPath = begins !== undefined && value !== undefined && !value.includes(begins);
      return [name, isPath ? readText(value) : value];
    }),
  );
}
