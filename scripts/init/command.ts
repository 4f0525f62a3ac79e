/**
 * `deno task init`: draws all that a deployment of one's own needs, into a folder.
 *
 * Invariant: nothing that is there is written over but the list of NATS' users, which follows from the
 * keys: so it may be said again, for one edge more or for another key. Of a deployment of which a part
 * is missing nothing is drawn, for that would not fit the rest. Files that hold a secret are their
 * owner's alone.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { Command, Option } from "commander";
import { integerFrom } from "../cli/arguments.ts";
import { CommandFailed, type Output } from "../cli/run.ts";
import { natsServerBase } from "../services/nats_server.ts";
import { drawDeployment, INCLUDE_USERS } from "./deployment.ts";
import { type DeploymentFile, NATS_FILE, USERS_FILE } from "./deployment_file.ts";
import { drawEdge, fileOfEdge, namesOfEdges } from "./edges.ts";
import { writeUsersFile } from "./nats_users_file.ts";

interface InitOptions {
  edges: number;
  sharedKey?: true;
}

const SECRET_BYTES = 32;
const EDGES = 2;
const MOST_EDGES = 64;

export function initCommand({ print }: Output): Command {
  return new Command("init")
    .description("Draws the secrets, keys and settings of a deployment of your own into a folder.")
    .argument("<folder>", "made when it does not exist; said again, what is missing is drawn")
    .addOption(
      new Option("--edges <n>", "how many edges have a key and an inbox of their own at NATS")
        .argParser(integerFrom(0, MOST_EDGES)).default(EDGES),
    )
    .option(
      "--shared-key",
      "also a key for edges that come and go by themselves: kubernetes, deno-deploy",
    )
    .addHelpText(
      "after",
      `
It writes settings for edges, origins and deno task migrate, the configuration of NATS servers, and
an operator's key for the nats tool. What only you know is marked FILL IN; as they stand the files
name this machine, where deno task services starts Postgres, NATS and a store for presence.

In a folder that it has written it draws keys for further edges, and for those whose file was
removed; ${USERS_FILE} then names whoever has a key, and nobody else.`,
    )
    .action(async (folder: string, { edges, sharedKey }: InitOptions) => {
      await Deno.mkdir(folder, { recursive: true });
      const drawn = [
        ...await beginning(folder),
        ...await missingOf(folder, namesOfEdges(edges, { isShared: sharedKey === true })),
      ];
      await write(folder, drawn);
      const users = await writeUsersFile(folder);
      const shown = [
        ...drawn.map(({ name, text }) => [name, toFillIn(text)] as const),
        [USERS_FILE, `the users of NATS: ${users.map(({ name }) => name).join(", ")}`] as const,
      ];
      const width = Math.max(...shown.map(([name]) => name.length));
      for (const [name, says] of shown) print(`${join(folder, name.padEnd(width))}  ${says}`);
      for (const line of await whatIsLeft(folder, drawn)) print(line);
    });
}

/** What every deployment has; nothing, where it is there. */
async function beginning(folder: string): Promise<DeploymentFile[]> {
  const files = drawDeployment({
    folder: await Deno.realPath(folder),
    natsBase: await natsServerBase(),
    secret: () => crypto.getRandomValues(new Uint8Array(SECRET_BYTES)).toHex(),
  });
  const names = files.map(({ name }) => name);
  const missing: string[] = [];
  for (const name of names) if (!await isThere(join(folder, name))) missing.push(name);
  if (missing.length === names.length) return files;
  if (missing.length === 0) return [];
  const present = names.filter((name) => !missing.includes(name));
  throw new CommandFailed(
    `Cannot write into ${folder}: it has ${present.join(", ")} already, and nothing is written ` +
      `over, but lacks ${missing.join(", ")}. Put back what is missing, or name another folder`,
  );
}

async function missingOf(folder: string, edges: readonly string[]): Promise<DeploymentFile[]> {
  const missing: string[] = [];
  for (const name of edges) {
    if (!await isThere(join(folder, fileOfEdge(name)))) missing.push(name);
  }
  return missing.map(drawEdge);
}

async function write(folder: string, files: readonly DeploymentFile[]): Promise<void> {
  for (const { name, text, isSecret } of files) {
    const path = join(folder, name);
    const mode = isSecret ? 0o600 : 0o644;
    await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await Deno.writeTextFile(path, text, { createNew: true, mode });
  }
}

/** In a folder that was there before, the servers know other users. */
async function whatIsLeft(folder: string, drawn: readonly DeploymentFile[]): Promise<string[]> {
  if (drawn.some(({ name }) => name === NATS_FILE)) return [];
  const config = await Deno.readTextFile(join(folder, NATS_FILE));
  if (!config.includes(INCLUDE_USERS)) {
    return [
      "",
      `${NATS_FILE} names its users itself: put "${INCLUDE_USERS}" there, in place of "accounts {"`,
      "and all that is in it, and have the NATS servers read it again.",
    ];
  }
  return [
    "",
    `Now have the NATS servers read their users again, with ${USERS_FILE} brought to where they`,
    "are: nats-server --signal reload. What deno task services has started does so by itself.",
  ];
}

function isThere(path: string): Promise<boolean> {
  return Deno.lstat(path).then(() => true, () => false);
}

function toFillIn(text: string): string {
  const marks = text.split("\n").filter((line) => line.startsWith("# FILL IN")).length;
  return marks === 0 ? "nothing to fill in" : `${marks} to fill in or to leave as they are`;
}
