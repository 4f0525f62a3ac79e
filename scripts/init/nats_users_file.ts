/**
 * Who may use the NATS servers of a deployment, as the keys in its folder say.
 *
 * Invariant: whoever has a key there is a user with the permissions of its role, and nobody else is:
 * a file that is removed shuts its user out. It is written as a whole, and holds public keys alone.
 *
 * @module
 */

import { nkeys } from "@nats-io/transport-node";
import { dirname, join } from "node:path";
import { parseEnv } from "node:util";
import { inboxOf, type Role } from "shared/bus/permissions.ts";
import { namesBeside, ownFileOf, programOf } from "../check/own.ts";
import { accountConfig, type NatsUser } from "../services/nats_users.ts";
import { EDGE_FILE, OPERATOR_FILE, ORIGIN_FILE, USERS_FILE } from "./deployment_file.ts";

const TITLE =
  `# Who may use the NATS servers of this deployment, and for what. It is written anew by
# each deno task init, from the keys in its folder, and holds public keys alone. A server that runs
# reads it again when it is told to: nats-server --signal reload

`;

/** Makes the file what the keys say; resolves to who the users are. */
export async function writeUsersFile(folder: string): Promise<NatsUser[]> {
  const users = await usersIn(folder);
  const file = join(folder, USERS_FILE), next = join(folder, `.${USERS_FILE}.${Deno.pid}`);
  await Deno.writeTextFile(next, `${TITLE}${accountConfig(users)}`, { mode: 0o644 });
  await Deno.rename(next, file);
  return users;
}

async function usersIn(folder: string): Promise<NatsUser[]> {
  const operator = (await Deno.readTextFile(join(folder, OPERATOR_FILE))).trim();
  const users = [
    ...await usersOfProgram(join(folder, EDGE_FILE)),
    ...await usersOfProgram(join(folder, ORIGIN_FILE)),
    userOf("operator", "operator", operator, OPERATOR_FILE),
  ];
  // Two files with one key are one user.
  return [...Map.groupBy(users, ({ publicKey }) => publicKey).values()].map(([first]) => first!);
}

/** `file`: of all that run it; beside it are those of single replicas. */
async function usersOfProgram(file: string): Promise<NatsUser[]> {
  const beside = namesBeside(file).filter(programOf).map((name) => ownFileOf(file, name));
  const users = await Promise.all([...beside, file].map(async (path) => {
    const name = path.slice(dirname(path).length + 1, -".env".length);
    const { NATS_NKEY_SEED: seed, NATS_INBOX_PREFIX: inbox } = parseEnv(
      await Deno.readTextFile(path),
    );
    return seed ? [userOf(programOf(name)!, name, seed, path, inbox)] : [];
  }));
  return users.flat();
}

function userOf(
  role: Role,
  name: string,
  seed: string,
  path: string,
  inboxPrefix = inboxOf(role),
): NatsUser {
  try {
    const publicKey = nkeys.fromSeed(new TextEncoder().encode(seed)).getPublicKey();
    return { name, role, inboxPrefix, publicKey };
  } catch {
    // What was thrown may repeat the seed.
    throw new Error(`Cannot read the key in ${path}: it is no nkey's seed`);
  }
}
