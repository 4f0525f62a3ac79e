/**
 * What histories are judged by: the database after everything has ended, and what was pushed.
 *
 * Invariant: nothing in it comes from a client, an edge or an origin. `read_truth.ts` reads it.
 *
 * @module
 */

import type { Content } from "./entry.ts";

export interface TrueEvent extends Content {
  sender?: string;
  /** The sender's own name for a message. */
  id?: string;
  /** Of the target and the body, as the recorder takes it of what was sent. */
  sentDigest?: string;
  /** What a push may show of it. */
  text?: string;
  /** Whom a change of a group lets in, or out. */
  members?: readonly string[];
}

/** A stay in a conversation, both ends included. */
export interface Stay {
  conversation: string;
  user: string;
  joined: number;
  left?: number;
}

/** What is stored for ever of a send. */
export interface Sent {
  sender: string;
  id: string;
  gsid: number;
}

export interface Push {
  user: string;
  token: string;
  gsid: number;
  /** Milliseconds since 1970. */
  atMs: number;
  status: number;
  text?: string;
}

/** A push that the database says was not sent, since a newer one of its conversation replaced it. */
export interface Replaced {
  user: string;
  gsid: number;
}

export interface Truth {
  epoch: string;
  /** Up to here gsids were drawn. Above the last event where what came after it stored none. */
  head: number;
  /** By gsid, rising. */
  events: TrueEvent[];
  stays: Stay[];
  sent: Sent[];
  pushes: Push[];
  replaced: Replaced[];
}
