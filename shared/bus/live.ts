/**
 * What travels on a topic: a fixed binary prefix, then the bytes of the event.
 *
 * Invariant: an edge can route, order and audit a message by its prefix alone; it parses the
 * event only when membership changes. Pages of events read from the database hold the same records.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type Gsid, isGsid } from "shared/gsid.ts";

export const LIVE_VERSION = 1;
/** Bytes: version, kind, flags, one reserved, gsid (float64 BE), membership (float64 BE). */
const PREFIX_BYTES = 20;
const GSID_AT = 4, MEMBERSHIP_AT = 12;
const FLAG_LARGE = 1;

/**
 * - `event`: anything in the order of events that changes no membership.
 * - `membership`: an event after which somebody is, or is no longer, a member.
 * - `control`: no event: an instruction to the edges, see `Control`.
 * - `wake`: on a member's inbox, a copy of what is published on the topic of a group that was idle,
 *   for edges that let the group go. It belongs to the group, not to the inbox.
 */
export type LiveKind = "event" | "membership" | "control" | "wake";
const KINDS: readonly LiveKind[] = ["event", "membership", "control", "wake"];

export interface Live {
  kind: LiveKind;
  /** 0 for what has no place in the order of events. */
  gsid: Gsid;
  /**
   * On a group's topic: the group's last membership change before this event. An edge that has
   * not applied it yet must do so before it hands this event on. Else 0.
   */
  membership: Gsid;
  /** On the topic of a group so large that no wake copies are made: no edge may let it go. */
  large?: true;
  /** The event or control as JSON text. */
  data: string;
}

/** Instructions on a user's inbox topic. */
export type Control =
  /** The device connected anew, at database time `at` (ms since 1970): older ones must go. */
  | { type: "taken"; device: string; connection: string; at: number }
  /** The server API ends the user's connections, or those of one device. */
  | { type: "disconnect"; device?: string }
  /**
   * Tokens that were issued before this (ms since 1970) are good no more, of the user or of one
   * device. What is lost of it comes with a digest. Releases up to 0.1.0 pass it over.
   */
  | { type: "revoked"; before: number; device?: string };

const utf8 = new TextEncoder();
const text = new TextDecoder();

export function encodeLive(live: Live): Uint8Array {
  // Written in place: a buffer for the text alone costs as much as all the rest.
  const bytes = new Uint8Array(PREFIX_BYTES + Buffer.byteLength(live.data));
  utf8.encodeInto(live.data, bytes.subarray(PREFIX_BYTES));
  bytes[0] = LIVE_VERSION;
  bytes[1] = KINDS.indexOf(live.kind);
  bytes[2] = live.large ? FLAG_LARGE : 0;
  const view = new DataView(bytes.buffer);
  view.setFloat64(GSID_AT, live.gsid);
  view.setFloat64(MEMBERSHIP_AT, live.membership);
  return bytes;
}

/** The gsid alone, of bytes that may be no message. */
export function gsidOfLive(bytes: Uint8Array): Gsid | undefined {
  if (bytes.length < PREFIX_BYTES || bytes[0] !== LIVE_VERSION) return;
  const gsid = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(GSID_AT);
  return isGsid(gsid) ? gsid : undefined;
}

/** `undefined` for bytes that are no message of a version this edge knows. */
export function decodeLive(bytes: Uint8Array): Live | undefined {
  if (bytes.length < PREFIX_BYTES || bytes[0] !== LIVE_VERSION) return;
  const kind = KINDS[bytes[1]!];
  if (!kind) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const gsid = view.getFloat64(GSID_AT), membership = view.getFloat64(MEMBERSHIP_AT);
  if (!isGsid(gsid) || !isGsid(membership)) return;
  const data = text.decode(bytes.subarray(PREFIX_BYTES));
  return { kind, gsid, membership, ...(bytes[2]! & FLAG_LARGE && { large: true }), data };
}
