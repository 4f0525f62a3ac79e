/**
 * An event that has just been committed, with what fan-out needs to know of that moment.
 *
 * @module
 */

import type { StoredEvent } from "shared/event.ts";
import type { Gsid } from "shared/gsid.ts";
import type { ConnectionId, UserId } from "shared/ids.ts";

export interface CommittedEvent extends StoredEvent {
  /** Who sent the message or changed the group; null for an alert. */
  sender: UserId | null;
  /** The sender's connection that is told by the answer to its send; unset if that is not known. */
  connection?: ConnectionId;
  /** Groups: the last change of membership before this event. Else 0. */
  membership: Gsid;
  /** Groups: how many are members, at the commit or since. Else 0. */
  members: number;
  /** Groups: the event that ended the last long silence, as of the commit or since. 0: none did. */
  woke: Gsid;
}
