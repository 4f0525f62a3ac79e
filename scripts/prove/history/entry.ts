/**
 * What a history is made of: everything that happened to one device, in the order in which its app
 * learned of it.
 *
 * Invariant: an entry says what was seen, never what it means. `at` is in milliseconds of one
 * monotonic clock that all devices of a history share.
 *
 * @module
 */

/** The parts of an event that must be the same for everybody. One object for all that are. */
export interface Content {
  readonly gsid: number;
  readonly type: string;
  readonly conversation: string;
  readonly prev: number;
  /** Of all its fields, as canonical JSON. */
  readonly digest: string;
}

/** Where a device would resume. */
export interface Cursor {
  offset: number;
  epoch: string;
}

export type Entry =
  & { readonly at: number }
  & (
    /** The app started: with what it had stored, or anew. */
    | { kind: "started"; since?: Cursor }
    /** `cursor`: what it asked to resume from. */
    | {
      kind: "connected";
      /** The socket of the edge. */
      edge: string;
      recovered: boolean;
      wasRecovering: boolean;
      position: Cursor;
      cursor?: Cursor;
    }
    | { kind: "closed"; code: number }
    | { kind: "event"; content: Content; offset?: number }
    /** A cursor without an event. */
    | { kind: "cursor"; offset: number }
    /** Told by the app: it has processed everything up to this event. */
    | { kind: "ack"; gsid: number }
    | { kind: "foreground"; foreground: boolean }
    | { kind: "registered"; token: string }
    | { kind: "unregistered"; token: string }
    | Sending
    | Changing
  );

/** A send, and what came of each attempt. */
export type Sending =
  | { kind: "send"; id: string; attempt: number; conversation: string; digest: string }
  | { kind: "ok"; id: string; attempt: number; gsid: number; prev: number; duplicate: boolean }
  | { kind: "refused"; id: string; attempt: number; code: number; temporary: boolean }
  /** No answer: it may have happened. */
  | { kind: "unknown"; id: string; attempt: number; why: string };

/** A change of a group that was asked for, and what came of it. */
export type Changing =
  | { kind: "change"; method: string; group: string; members: readonly string[] }
  | { kind: "changed"; method: string; group: string; gsid: number }
  | { kind: "unchanged"; method: string; group: string; why: string };

/** The code of a `closed` that the app asked for: the SDK's own. */
export const WANTED = 0;

export interface DeviceHistory {
  readonly user: string;
  readonly device: string;
  readonly format: string;
  readonly entries: Entry[];
}

export interface History {
  /** The time of day, in milliseconds since 1970, when the clock of the entries stood at 0. */
  readonly originMs: number;
  readonly devices: DeviceHistory[];
}

/** The time of day of an entry. */
export function timeOf(history: Pick<History, "originMs">, { at }: { at: number }): number {
  return history.originMs + at;
}
