/**
 * What a program may say and hear on the bus, found out by trying.
 *
 * Invariant: nobody notices: what is said means nothing to who hears it and is kept by no stream;
 * what is subscribed to is let go in the same breath.
 *
 * @module
 */

import {
  createInbox,
  headers,
  type NatsConnection,
  PermissionViolationError,
} from "@nats-io/transport-node";
import { failure, type Finding, ok, warning } from "./finding.ts";
import { type Heard, type Needs, needsOf, type Said } from "./nats_needs.ts";

const SUBJECT = "nats permissions";
/** A stream stores only what expects to be stored in it. */
const EXPECTED_STREAM = "Nats-Expected-Stream";
const NO_STREAM = "none, this is a check";

export async function checkPermissions(
  connection: NatsConnection,
  { program, inboxPrefix }: { program: "edge" | "origin"; inboxPrefix: string | undefined },
): Promise<Finding[]> {
  const needs = needsOf(program, `fanfare-check-${crypto.randomUUID()}`);
  const inbox = `${createInbox(inboxPrefix)}.*`;
  needs.hears.push({ subject: inbox });
  // Where nobody is asked who they are, everybody may do everything.
  const isOpen = !connection.info?.auth_required;
  if (isOpen) needs.mustNotSay = needs.mustNotHear = [];
  const tried = await tryAll(connection, needs);
  const missing = [
    ...needs.says.filter((said) => tried.isRefused("publish", said)).map(publishing),
    ...needs.hears.filter((heard) => tried.isRefused("subscription", heard)).map(subscribing),
  ];
  if (missing.length > 0) {
    const says = `the ${program} may not ${missing.join(", nor ")}`;
    return [failure(SUBJECT, says, "Allow that in the permissions of its user at NATS")];
  }
  const excess = excessOf(needs, tried);
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

type Operation = PermissionViolationError["operation"];

interface Tried {
  isRefused(operation: Operation, on: Said | Heard): boolean;
}

async function tryAll(connection: NatsConnection, needs: Needs): Promise<Tried> {
  const refused = new Set<string>();
  const keyOf = (operation: Operation, { subject, queue }: Heard) =>
    `${operation} ${subject} ${queue ?? ""}`;
  const following = (async () => {
    for await (const status of connection.status()) {
      if (status.type !== "error") continue;
      if (!(status.error instanceof PermissionViolationError)) continue;
      const { operation, subject, queue } = status.error;
      refused.add(keyOf(operation, { subject, ...(queue !== undefined && { queue }) }));
    }
  })();
  following.catch(() => {});
  for (const said of [...needs.says, ...needs.mustNotSay]) say(connection, said);
  for (const heard of [...needs.hears, ...needs.mustNotHear]) hear(connection, heard);
  // What the server refuses it has said before it answers the first; before the second, it is read.
  await connection.flush();
  await connection.flush();
  return { isRefused: (operation, on) => refused.has(keyOf(operation, on)) };
}

function say(connection: NatsConnection, { subject, data }: Said): void {
  const notToBeStored = headers();
  notToBeStored.set(EXPECTED_STREAM, NO_STREAM);
  connection.publish(subject, data, { headers: notToBeStored });
}

/** Both go to the server in one write, so that no request of others comes in between. */
function hear(connection: NatsConnection, { subject, queue }: Heard): void {
  connection.subscribe(subject, { ...(queue !== undefined && { queue }), callback: () => {} })
    .unsubscribe();
}

function excessOf(needs: Needs, tried: Tried): string[] {
  return [
    ...needs.mustNotSay.filter((said) => !tried.isRefused("publish", said)).map(publishing),
    ...needs.mustNotHear.filter((heard) => !tried.isRefused("subscription", heard))
      .map(subscribing),
  ];
}

function publishing({ subject }: Said): string {
  return `publish to "${subject.replace(PROBE_NAME, "*")}"`;
}

function subscribing({ subject, queue }: Heard): string {
  const as = queue === undefined ? "" : ` in the queue "${queue}"`;
  return `subscribe to "${subject.replace(PROBE_NAME, "*").replace(INBOX, ".>")}"${as}`;
}

/** What `createInbox` adds to the prefix. */
const INBOX = /\.[0-9A-Za-z]{22}\.\*$/;
const PROBE_NAME = /fanfare-check-[\w-]+/;
