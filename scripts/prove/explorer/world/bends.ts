/**
 * How what passes between the parts can be bent: a rule broken on purpose, to see that it is found.
 *
 * @module
 */

import type { Hub } from "edge/hub/hub.ts";
import type { Ledger } from "edge/hub/ledger.ts";
import type { Publication } from "origin/fan_out/decide.ts";
import type { Digest } from "shared/bus/requests.ts";
import type { FeedFacts, FeedInput } from "../real/feed.ts";
import type { HubCall, HubInput, HubOutput, Who } from "../real/hub.ts";
import type { Frame } from "./frames.ts";

/** Each gives what happens instead; left out: what happened. */
export interface Bends {
  createLedger?(): Ledger;
  /** Changes a new hub. */
  hub?(hub: Hub): void;
  /** The hub tells a feed something. */
  told?(input: FeedInput, output: HubOutput & { to: Who }, feed: FeedFacts): FeedInput[];
  /** A feed calls the hub. */
  called?(input: HubInput): HubInput[];
  /** A feed queues a frame; `proven` is that of now, and all three are places. */
  queued?(frame: Frame, proven: number): Frame[];
  /** What is queued with a ping besides. */
  pinged?(proven: number): Frame[];
  /** Up to where all was received, as the feed says; `got`: the last event that the device has. */
  reported?(position: number, proven: number, got: number): number;
  /** A read of the hub fails. */
  failed?(call: HubCall): HubInput;
  /** An origin publishes something. */
  published?(publication: Publication): Publication;
  origins?: OriginBends;
  /** Snapshots may be as old as they like. */
  stale?: boolean;
}

export interface OriginBends {
  /** Sends are answered before they are committed. */
  hasty?: true;
  /** A send that is stored is stored again. */
  forgetful?: true;
  /** A digest, as it is published when the head is `head`. */
  digest?(digest: Digest, head: number, gsidOf: (place: number) => number): Digest;
}
