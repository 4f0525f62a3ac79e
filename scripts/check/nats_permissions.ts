/**
 * What a program may say and hear on the bus, found out by trying.
 *
 * Invariant: nobody notices: what is said means nothing to who hears it and is kept by no stream;
 * what is subscribed to is let go in the same breath.
 *
 * @module
 */

import { headers, type NatsConnection, PermissionViolationError } from "@nats-io/transport-node";
import { allows, type Permissions, permissionsOf, type Use } from "shared/bus/permissions.ts";
import { failure, type Finding, ok, warning } from "./finding.ts";
import { type Needs, needsOf, type Said } from "./nats_needs.ts";

const SUBJECT = "nats permissions";
/** A stream stores only what expects to be stored in it. */
const EXPECTED_STREAM = "Nats-Expected-Stream";
const NO_STREAM = "none, this is a check";

export async function checkPermissions(
  connection: NatsConnection,
  { program, inboxPrefix }: { program: "edge" | "origin"; inboxPrefix: string | undefined },
): Promise<Finding[]> {
  const needs = needsOf(program, `${PROBE_NAME}-${crypto.randomUUID()}`, inboxPrefix);
  // Where nobody is asked who they are, everybody may do everything.
  const isOpen = !connection.info?.auth_required;
  if (isOpen) needs.mustNotSay = needs.mustNotHear = [];
  const tried = await tryAll(connection, needs);
  const missing = missingOf(needs, tried);
  if (missing.length > 0) {
    const own = permissionsOf(program, inboxPrefix);
    const says = `the ${program} may not ${missing.map(wordsOfUse).join(", nor ")}`;
    const rows = new Set(missing.map(({ verb, use }) => `${verb} ${rowOf(own, verb, use)}`));
    // Who may do next to nothing is not badly configured, but somebody else.
    const isAnother = missing.length > (needs.says.length + needs.hears.length) / 2;
    const mend = `${
      isAnother ? `Give it the ${program}'s own key, if it has another's; or allow` : "Allow"
    } its user at NATS to ${[...rows].join(", ")}: deno task init writes them all`;
    return [failure(SUBJECT, says, mend)];
  }
  const excess = excessOf(needs, tried).map(wordsOfUse);
  if (excess.length > 0) {
    const says = `a stolen ${program} could also ${excess.join(", and ")}`;
    return [warning(SUBJECT, says, "Take that from the permissions of its user at NATS")];
  }
  const untried = needs.untried.length > 0
    ? `; not tried, since all would hear it: ${needs.untried.join(", ")}`
    : "";
  const open = isOpen ? "nobody is asked who they are; " : "";
  return [ok(SUBJECT, `${open}the ${program} may do what it must${untried}`)];
}

type Verb = keyof Permissions;

interface Attempt {
  verb: Verb;
  use: Use;
}

const attempts = (verb: Verb) => ({ subject, queue }: Use): Attempt => ({
  verb,
  use: { subject, ...(queue !== undefined && { queue }) },
});

function missingOf({ says, hears }: Needs, tried: Tried): Attempt[] {
  return [...says.map(attempts("publish")), ...hears.map(attempts("subscribe"))]
    .filter((attempt) => tried.isRefused(attempt));
}

/** Who may do everything is told no details. */
function excessOf({ mustNotSay, mustNotHear }: Needs, tried: Tried): Attempt[] {
  const allowed = (all: readonly Use[], verb: Verb) => {
    const found = all.map(attempts(verb)).filter((attempt) => !tried.isRefused(attempt));
    return found[0]?.use.subject === all[0]?.subject ? found.slice(0, 1) : found;
  };
  return [...allowed(mustNotSay, "publish"), ...allowed(mustNotHear, "subscribe")];
}

/** The row of the table that allows a use. */
function rowOf(own: Permissions, verb: Verb, use: Use): string {
  const row = own[verb].find((allowed) => allows([allowed], use));
  return row?.queue === undefined ? `"${row?.subject}"` : `"${row.subject} ${row.queue}"`;
}

interface Tried {
  isRefused(attempt: Attempt): boolean;
}

const VERBS: Record<PermissionViolationError["operation"], Verb> = {
  publish: "publish",
  subscription: "subscribe",
};

async function tryAll(connection: NatsConnection, needs: Needs): Promise<Tried> {
  const refused = new Set<string>();
  const keyOf = ({ verb, use: { subject, queue } }: Attempt) => `${verb} ${subject} ${queue ?? ""}`;
  const following = (async () => {
    for await (const status of connection.status()) {
      if (status.type !== "error") continue;
      if (!(status.error instanceof PermissionViolationError)) continue;
      const { operation, subject, queue } = status.error;
      const use = { subject, ...(queue !== undefined && { queue }) };
      refused.add(keyOf({ verb: VERBS[operation], use }));
    }
  })();
  following.catch(() => {});
  for (const said of [...needs.says, ...needs.mustNotSay]) say(connection, said);
  for (const heard of [...needs.hears, ...needs.mustNotHear]) hear(connection, heard);
  // What the server refuses it has said before it answers the first; before the second, it is read.
  await connection.flush();
  await connection.flush();
  return { isRefused: (attempt) => refused.has(keyOf(attempt)) };
}

function say(connection: NatsConnection, { subject, data }: Said): void {
  const notToBeStored = headers();
  notToBeStored.set(EXPECTED_STREAM, NO_STREAM);
  connection.publish(subject, data, { headers: notToBeStored });
}

/** Both go to the server in one write, so that no request of others comes in between. */
function hear(connection: NatsConnection, { subject, queue }: Use): void {
  connection.subscribe(subject, { ...(queue !== undefined && { queue }), callback: () => {} })
    .unsubscribe();
}

/** A name that nobody has stands for all; whoever may say that alone may say everything. */
function wordsOfUse({ verb, use: { subject, queue } }: Attempt): string {
  const shown = subject.replaceAll(NOBODY, "*");
  const as = queue === undefined ? "" : ` in the queue "${queue}"`;
  return `${verb} to "${shown === "*" ? ">" : shown}"${as}`;
}

/** How what nobody is called begins. */
export const PROBE_NAME = "fanfare-check";
const NOBODY = new RegExp(`${PROBE_NAME}-[\\w-]+`, "g");
