/**
 * A gateway hands one note to one device's push provider and says what came of it.
 *
 * Invariant: `send` never rejects: whatever a provider, a network or an aborted signal does is one of
 * four outcomes. A gateway knows nothing of jobs, of users' other devices or of what is stored: it
 * asks whoever does, before it shows a phone something, whether that phone still is the user's.
 *
 * @module
 */

import type { Note } from "../note.ts";

/** The platforms that a device may register a token of. */
export const PLATFORMS = ["fcm", "apns"] as const;
export type Platform = typeof PLATFORMS[number];

export interface PushTarget {
  platform: Platform;
  token: string;
}

export type Outcome = Sent | Prune | Retry | Fail;

export interface Sent {
  kind: "sent";
}

/** The token is gone for good. */
export interface Prune {
  kind: "prune";
  reason: string;
  /** When the provider knew it (ms since 1970): a token registered later is not meant. */
  since?: number;
  /** A few of these are stale tokens; many of them are our own wrong configuration. */
  suspect?: true;
}

/** Nothing was delivered, and the token may still be good. */
export interface Retry {
  kind: "retry";
  reason: string;
  /** What the provider asked for; left out, the back-off decides. */
  afterMs?: number;
  /** Whose trouble it is: this token's, the whole provider's, or our own credentials'. */
  scope: "target" | "provider" | "credentials";
}

/** This note can never be delivered to this token, which stays. */
export interface Fail {
  kind: "fail";
  reason: string;
}

/** Whether the token still is whom the note is for; never rejects. */
export type IsCurrent = () => Promise<boolean>;

export interface PushGateway extends AsyncDisposable {
  readonly platform: Platform;
  /** `isCurrent` is asked right before each request, however long that had to wait for its turn. */
  send(
    target: PushTarget,
    note: Note,
    signal: AbortSignal,
    isCurrent: IsCurrent,
  ): Promise<Outcome>;
}

/** The token has moved on while a request waited: it was not made. */
export class TokenMoved extends Error {
  override readonly name = "TokenMoved";
}

/** Its job reads anew whose tokens there are. */
export const MOVED: Retry = { kind: "retry", reason: "token moved", scope: "target" };
