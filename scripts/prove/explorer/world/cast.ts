/**
 * Who is there: the user whose device is watched, the others, and the group.
 *
 * @module
 */

import { directConversation, groupConversation, type GroupId, type UserId } from "shared/ids.ts";
import { groupTopic, inboxTopic, type TopicKey } from "shared/topic.ts";

/** Dora's device is watched; Otto may be connected to the same edge; Sam owns the group. */
export const DORA = "d" as UserId, OTTO = "o" as UserId, SAM = "s" as UserId;

export const TEAM = "g" as GroupId;
export const TEAM_TOPIC = groupTopic(TEAM);
export const TEAM_CONVERSATION = groupConversation(TEAM);
export const PAIR_CONVERSATION = directConversation(DORA, SAM);

/** What the model of the database calls its history. */
export const EPOCH = "e1";

export function nameOfTopic(topic: TopicKey): string {
  if (topic === TEAM_TOPIC) return "the group's topic";
  return topic === inboxTopic(DORA) ? "Dora's inbox" : "Otto's inbox";
}
