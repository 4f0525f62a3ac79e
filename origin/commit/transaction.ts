/**
 * One batch, one transaction: what became of each command, and which events there are now.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import type { Sql } from "origin/store/sql.ts";
import { type Appended, appendMessages, type Changed, changeGroup } from "./append.ts";
import type { Repeated } from "./batch.ts";
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
   * under our ids is taken for its work. `undefined`: there was none.
   */
  ownSince: Gsid | undefined;
}

export async function commitBatch(
  sql: Sql,
  batch: readonly Repeated<Command>[],
  { archiveAfterMs, ownSince }: CommitOptions,
): Promise<Committed> {
  const [only] = batch;
  if (only?.first.work.kind === "group") {
    const { operation, change } = only.first.work;
    return changed(await changeGroup(sql, operation, change, archiveAfterMs));
  }
  const messages = batch.flatMap(({ first }) =>
    first.work.kind === "message" ? [first.work.message] : []
  );
  return committedOf(messages, await appendMessages(sql, messages, archiveAfterMs), ownSince);
}

/** Repeats share the fate of the first, but for being repeats. */
export function answerBatch(batch: readonly Repeated<Command>[], outcomes: Outcome[]): void {
  batch.forEach(({ first, repeats }, index) => {
    const outcome = outcomes[index]!;
    answer(first, outcome);
    const repeated: Outcome = outcome.outcome === "stored"
      ? { ...outcome, outcome: "duplicate" }
      : outcome;
    for (const repeat of repeats) answer(repeat, repeated);
  });
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
    else if (isFound || outcome === "stored") events.push(eventOf(messages[index]!, place));
    return { outcome: isFound ? "stored" : outcome, gsid, prev };
  });
  return { outcomes, events: events.sort((one, other) => one.gsid - other.gsid), found };
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
