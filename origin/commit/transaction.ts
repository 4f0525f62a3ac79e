/**
 * One batch, one transaction: what became of each command, and which events there are now.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import type { Sql } from "origin/store/sql.ts";
import { type Appended, appendMessages, type Changed, changeGroup } from "./append.ts";
import type { Message } from "./command.ts";
import { answer, type Command, type Outcome } from "./command_queue.ts";
import type { CommittedEvent } from "./committed.ts";

export interface Committed {
  /** In the order of the batch. */
  outcomes: Outcome[];
  events: CommittedEvent[];
  /** Stored as well, but what else there is to know of them must be read back. */
  found: Gsid[];
}

export interface CommitOptions {
  /** A group that was silent for longer wakes with its next event. */
  archiveAfterMs: number;
  /**
   * An earlier attempt to commit this batch may have succeeded, and what is stored above this gsid
   * under our ids may be its work: it is told of, for perhaps nobody else does. `undefined`: there
   * was none.
   */
  ownSince: Gsid | undefined;
}

export async function commitBatch(
  sql: Sql,
  batch: readonly Command[],
  { archiveAfterMs, ownSince }: CommitOptions,
): Promise<Committed> {
  const [only] = batch;
  if (only?.work.kind === "group") {
    const { operation, change } = only.work;
    return changed(await changeGroup(sql, operation, change, archiveAfterMs));
  }
  const messages = batch.flatMap(({ work }) => work.kind === "message" ? [work.message] : []);
  return committedOf(messages, await appendMessages(sql, messages, archiveAfterMs), ownSince);
}

export function answerBatch(batch: readonly Command[], outcomes: Outcome[]): void {
  batch.forEach((command, index) => answer(command, outcomes[index]!));
}

function committedOf(
  messages: Message[],
  appended: Appended[],
  ownSince: Gsid | undefined,
): Committed {
  const events: CommittedEvent[] = [], found: Gsid[] = [];
  const outcomes = appended.map(({ outcome, ...place }, index): Outcome => {
    if (outcome === "conflict" || outcome === "stranger") return { outcome };
    const { gsid, prev, membership } = place;
    const isFound = outcome === "duplicate" && ownSince !== undefined && gsid > ownSince;
    // The group may have changed since the earlier attempt: then its state at that time is read.
    if (isFound && membership > gsid) found.push(gsid);
    else if (isFound) events.push(eventOf(withoutConnection(messages[index]!), place));
    else if (outcome === "stored") events.push(eventOf(messages[index]!, place));
    // Another origin may have stored what is found, and answered so: it is new to one only.
    return { outcome, gsid, prev };
  });
  return { outcomes, events: events.sort((one, other) => one.gsid - other.gsid), found };
}

/** Its answer is taken for a repeat's: the event must come as well. */
function withoutConnection({ connection: _, ...message }: Message): Message {
  return message;
}

function eventOf(message: Message, place: Omit<Appended, "outcome">): CommittedEvent {
  return {
    ...place,
    type: message.kind === "system" ? "alert" : "message",
    conversation: message.conversation,
    sender: message.sender === "" ? null : message.sender,
    fields: message.fields,
    inboxes: message.inboxes,
    ...(message.connection !== undefined && { connection: message.connection }),
  };
}

function changed(outcome: Changed): Committed {
  const found = outcome.outcome === "stored" ? [outcome.gsid] : [];
  return { outcomes: [outcome], events: [], found };
}
