/**
 * What edges have for themselves: who each is at NATS.
 *
 * Invariant: each draws a key and an inbox of its own, and no other edge is told either. Chance is the
 * keys' own; nothing is written.
 *
 * @module
 */

import { readEdge } from "edge/config.ts";
import { settingsOf } from "shared/config/read.ts";
import { ownFileOf } from "../check/own.ts";
import { drawCredential, settingsOfUser } from "../services/nats_users.ts";
import { type DeploymentFile, EDGE_FILE } from "./deployment_file.ts";
import { envFile } from "./env_file.ts";

/** Of edges that have no names of their own. */
const ALL = "edge";

export function namesOfEdges(count: number, { isShared }: { isShared: boolean }): string[] {
  const names = Array.from({ length: count }, (_, number) => `edge-${number}`);
  return isShared ? [...names, ALL] : names;
}

/** Where the edge's own settings are, in the folder of a deployment. */
export function fileOfEdge(name: string): string {
  return ownFileOf(EDGE_FILE, name);
}

export function drawEdge(name: string): DeploymentFile {
  const { NATS_NKEY_SEED, NATS_INBOX_PREFIX } = settingsOfUser(drawCredential("edge", name));
  return {
    name: fileOfEdge(name),
    text: envFile(
      [
        name === ALL
          ? "What edges have that come and go by themselves, all of them: who they are at NATS."
          : `What the edge ${name} has for itself, and no other: who it is at NATS.`,
        `It holds a secret. Its lines go before those of ${EDGE_FILE}. To draw another key, remove`,
        "this file and say deno task init again.",
      ],
      [
        { name: "NATS_NKEY_SEED", value: NATS_NKEY_SEED! },
        { name: "NATS_INBOX_PREFIX", value: NATS_INBOX_PREFIX! },
      ],
      settingsOf(readEdge),
    ),
    isSecret: true,
  };
}
