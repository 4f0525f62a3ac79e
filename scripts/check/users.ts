/**
 * Who the replicas of a program are at NATS, and whether each edge is a user of its own.
 *
 * Invariant: nothing of a key is in what is said. Origins may be one user, for they are alike: they
 * share an inbox, and what opens the database. Pure.
 *
 * @module
 */

import type { NatsConfig } from "shared/config/nats.ts";
import { failure, type Finding, warning } from "./finding.ts";
import type { ProgramName } from "./settings.ts";

export interface ReplicaUser {
  /** Such as `edge-0`. */
  id: string;
  program: ProgramName;
  nats: NatsConfig;
}

const SUBJECT = "nats users";

/** `folder`: of the settings, for `deno task init`. */
export function judgeUsers(users: readonly ReplicaUser[], folder = "FOLDER"): Finding[] {
  const edges = users.filter(({ program }) => program === "edge");
  const known = edges.filter(({ nats }) => nats.auth !== undefined);
  const draw = `deno task init ${folder} --edges ${edges.length}`;
  const nobodies = known.length === 0 ? [] : edges.filter(({ nats }) => nats.auth === undefined);
  return [
    ...(nobodies.length === 0 ? [] : [
      failure(
        SUBJECT,
        `${namesOf(nobodies)} ${nobodies.length === 1 ? "has" : "have"} no user at NATS`,
        `Draw one by ${draw}, and have the NATS servers read their users again`,
      ),
    ]),
    ...alike(known, ({ nats }) => JSON.stringify(nats.auth)).map((same) =>
      warning(
        SUBJECT,
        `${namesOf(same)} are one user at NATS: who takes one hears what the others are answered`,
        `Give each a user of its own: ${draw}, and have the NATS servers read their users again`,
      )
    ),
    ...alike(onePerUser(known), ({ nats }) => nats.inboxPrefix).map((same) =>
      warning(
        SUBJECT,
        `${namesOf(same)} have one inbox: who takes one hears what the others are answered`,
        "Set NATS_INBOX_PREFIX of each to _INBOX. and its name, and allow its user no other",
      )
    ),
  ];
}

function namesOf(users: readonly ReplicaUser[]): string {
  const ids = users.map(({ id }) => id);
  return ids.length < 2 ? ids.join() : `${ids.slice(0, -1).join(", ")} and ${ids.at(-1)}`;
}

function alike<Key>(
  users: readonly ReplicaUser[],
  keyOf: (user: ReplicaUser) => Key,
): ReplicaUser[][] {
  return [...Map.groupBy(users, keyOf).values()].filter(({ length }) => length > 1);
}

/** Of those who are one, their inbox is told already. */
function onePerUser(users: readonly ReplicaUser[]): ReplicaUser[] {
  return [...Map.groupBy(users, ({ nats }) => JSON.stringify(nats.auth)).values()]
    .map(([first]) => first!);
}
