/**
 * Who may use a NATS server: users with keys of their own, and the permissions of their role as the
 * server's configuration spells them.
 *
 * Invariant: a configuration holds public keys alone; whoever reads it can be nobody. What each may
 * do is the table in `shared/bus/permissions.ts`.
 *
 * @module
 */

import { nkeys } from "@nats-io/transport-node";
import type { NatsOptions } from "shared/bus/nats_connect.ts";
import {
  type Allowed,
  deniedQueueOf,
  inboxOf,
  permissionsOf,
  type Role,
} from "shared/bus/permissions.ts";

/** As a server knows it. */
export interface NatsUser {
  name: string;
  role: Role;
  /** Where its answers arrive. */
  inboxPrefix: string;
  publicKey: string;
}

/** As it knows itself. */
export interface NatsCredential extends NatsUser {
  seed: string;
}

/** An edge gets an inbox of its own; origins share one, for they are all alike. */
export function drawCredential(role: Role, name: string = role): NatsCredential {
  const key = nkeys.createUser();
  return {
    name,
    role,
    inboxPrefix: inboxOf(role === "edge" ? name : role),
    publicKey: key.getPublicKey(),
    seed: new TextDecoder().decode(key.getSeed()),
  };
}

type Identity = Pick<NatsCredential, "seed" | "inboxPrefix">;

/** The settings by which a program is this user. */
export function settingsOfUser({ seed, inboxPrefix }: Identity): Record<string, string> {
  return { NATS_NKEY_SEED: seed, NATS_INBOX_PREFIX: inboxPrefix };
}

/** The same, for a bus. */
export function busOptionsOf(
  { seed, inboxPrefix }: Identity,
): Required<Pick<NatsOptions, "auth" | "inboxPrefix">> {
  return { auth: { kind: "nkey", seed }, inboxPrefix };
}

/** The account that all of them are in: nobody else hears what they say. */
export function accountConfig(users: readonly NatsUser[]): string {
  return `accounts {
  FANFARE {
    jetstream {
      # The topics' stream, and the one that deno task check makes and removes.
      max_streams: 2
      # An edge that comes back reads the stream by one.
      max_consumers: ${MAX_CONSUMERS}
    }
    users: [
${users.map(userConfig).join("\n")}
    ]
  }
}
`;
}

const MAX_CONSUMERS = 1_000;

function userConfig({ name, role, inboxPrefix, publicKey }: NatsUser): string {
  const { publish, subscribe } = permissionsOf(role, inboxPrefix);
  return `      {
        # ${name}
        nkey: ${publicKey}
        permissions: {
          publish: { allow: ${listOf(publish)} }
          subscribe: { allow: ${listOf(subscribe)}${denied(deniedQueueOf(role))} }
        }
      }`;
}

function denied(queue: string | undefined): string {
  return queue === undefined ? "" : `, deny: ${JSON.stringify(`> ${queue}`)}`;
}

function listOf(allowed: readonly Allowed[]): string {
  const subjects = allowed.map(({ subject, queue }) =>
    JSON.stringify(queue === undefined ? subject : `${subject} ${queue}`)
  );
  return `[\n${subjects.map((one) => `            ${one}\n`).join("")}          ]`;
}
