/**
 * Reading a wake copy: which group's topic it stands for, and the event as that topic carries it.
 *
 * Invariant: what cannot be read wakes nothing; a digest does. Knows nothing of who holds the group.
 *
 * @module
 */

import type { Live } from "shared/bus/live.ts";
import { MEMBERSHIP_TYPES } from "shared/event.ts";
import { parseConversation } from "shared/ids.ts";
import { groupTopic, type TopicKey } from "shared/topic.ts";

export interface Wake {
  topic: TopicKey;
  live: Live;
}

export function readWake(copy: Live): Wake | undefined {
  try {
    const { type, conversation } = JSON.parse(copy.data) as Record<string, unknown>;
    const parsed = parseConversation(String(conversation));
    if (parsed?.kind !== "group") return;
    const kind = MEMBERSHIP_TYPES.has(String(type)) ? "membership" : "event";
    return { topic: groupTopic(parsed.group), live: { ...copy, kind } };
  } catch {
    // No JSON: no origin wrote it.
  }
}
