/**
 * The real feed of one connection, led by the explorer.
 *
 * Invariant: what the hub tells it, what is answered and what its session asks come in as inputs;
 * its calls of the hub, its questions and the frames that it queues go out as outputs. Knows
 * nothing of which connection it is: the same table serves all of them.
 *
 * @module
 */

import type { Hub } from "edge/hub/hub.ts";
import { Publication } from "edge/hub/publication.ts";
import { Feed, type FeedDeps } from "edge/session/feed.ts";
import type { Socket } from "edge/socket/socket.ts";
import type { Control } from "shared/bus/live.ts";
import type { Page } from "shared/bus/page.ts";
import type { CaughtUp, Entered, GroupState } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import type { ConnectionId, DeviceId, GroupId } from "shared/ids.ts";
import type { TopicKey } from "shared/topic.ts";
import type { Close } from "shared/wire/codes.ts";
import type { Intern } from "../engine/intern.ts";
import type { Ask, Instance } from "../engine/instance.ts";
import { DORA, EPOCH } from "../world/cast.ts";
import { Calls, type OpenCall } from "./calls.ts";
import { FeedSocket, type Queued } from "./socket.ts";

export type FeedCall = "enter" | "catch up" | "flush" | "pause" | "room";

export type FeedInput =
  | { do: "attach"; since: Gsid | undefined }
  | { do: "start" }
  | { do: "receive"; gsid: Gsid; topic: TopicKey; offset: Gsid | undefined }
  | { do: "gained"; group: GroupId; joined: Gsid; cursor: Gsid }
  | { do: "proved"; proven: Gsid }
  | { do: "control"; control: Control }
  | { do: "answer"; call: "enter"; entered: Entered }
  | { do: "answer"; call: "catch up"; page: Page<CaughtUp> }
  | { do: "answer"; call: "flush" | "pause" | "room" }
  | { do: "fail"; call: FeedCall }
  | { do: "ping" | "pong" }
  | { do: "ack"; gsid: Gsid }
  | { do: "replied"; gsid: Gsid; conversation: string };

export type FeedOutput =
  | { does: "enter inbox" }
  | { does: "enter groups"; groups: readonly GroupState[] }
  | { does: "settle"; head: Gsid; groups: readonly GroupState[] }
  | { does: "settle gained"; joined: Gsid; head: Gsid; member: boolean }
  | { does: "answered"; gsid: Gsid }
  | { does: "ask"; call: FeedCall }
  | { does: "attached"; head: Gsid }
  | { does: "refuse" }
  | { does: "queue" } & Queued
  | { does: "report"; position: Gsid }
  | { does: "end"; close: Close };

export interface FeedFacts {
  /** The head of the snapshot, while nothing of it was sent yet. */
  attachedAt: Gsid | undefined;
  /** It begins at that head: the client came without a cursor. */
  isNew: boolean;
  /** Its connect was answered. */
  started: boolean;
  live: boolean;
  open: readonly OpenCall<FeedCall>[];
}

export interface FeedOptions {
  /** The bus server's answer to a flush is a step of its own. */
  flush: boolean;
  /** After each frame the socket is full for a while. */
  slow: boolean;
  /** What was received is reported. */
  receipts: boolean;
  /** The client names its device, so that it has one connection only. */
  named: boolean;
  maxBufferEvents: number;
  gsidOf(place: number): Gsid;
  abouts: Intern<unknown>;
}

/** What a feed wants to know at once: a place, or how many groups it must enter yet. */
export type FeedQuestion = "proven" | "missing";

/** What each event takes in a buffer; the feed gives a quarter of its bytes to that. */
const EVENT_BYTES = 32;

export class FeedInstance implements Instance<FeedInput, FeedOutput, FeedFacts> {
  readonly #options: FeedOptions;
  readonly #ask: Ask<FeedQuestion>;
  readonly #calls: Calls<FeedCall>;
  readonly #feed: Feed;
  readonly #socket: FeedSocket;
  #outputs: FeedOutput[] = [];
  #since: Gsid | undefined;
  #attached: Page<CaughtUp> | undefined;
  #started = false;
  /** How many topics were gained, now and when the last read was asked for. */
  #gained = 0;
  #gainedBefore = 0;
  /** The last read, and how many frames went out since: what a slow socket is amidst. */
  #read: unknown[] = [];
  #sent = 0;

  constructor(options: FeedOptions, ask: Ask<FeedQuestion>) {
    this.#options = options;
    this.#ask = ask;
    this.#calls = new Calls(options.abouts);
    this.#socket = new FeedSocket({
      slow: options.slow,
      fullBytes: options.maxBufferEvents * EVENT_BYTES + 1,
      onQueued: (frame) => {
        this.#sent++;
        this.#emit({ does: "queue", ...frame });
      },
      room: () => this.#await("room", {}),
    });
    const owner = {
      id: "this" as ConnectionId,
      user: DORA,
      device: "phone" as DeviceId,
      named: options.named,
      issuedMs: 0,
      announce: () => Promise.resolve(),
      revoked() {
        throw new Error("Cannot revoke: nobody here does");
      },
      end: (close: Close) => this.#emit({ does: "end", close }),
    };
    this.#feed = new Feed(
      this.#socket as Pick<Socket, keyof FeedSocket & keyof Socket> as Socket,
      owner,
      this.#deps(),
    );
  }

  perform(input: FeedInput): void {
    const feed = this.#feed;
    switch (input.do) {
      case "attach":
        return this.#attach(input.since);
      case "start":
        return this.#start();
      case "receive":
        return feed.receive(publication(input));
      case "gained":
        this.#gained++;
        return feed.gained(input.group, input.joined, input.cursor);
      case "proved":
        return feed.proved(input.proven);
      case "control":
        return feed.control(input.control);
      case "answer":
        return this.#answer(input);
      case "fail":
        return this.#calls.fail(input.call);
      case "replied":
        feed.replied(input);
        return void this.#socket.send(JSON.stringify({ gsid: input.gsid }));
      case "ping":
        return this.#ping();
      case "pong":
        feed.receipts.ponged();
        return this.#emit({ does: "report", position: feed.receipts.position });
      case "ack":
        feed.receipts.acked(input.gsid);
        return this.#emit({ does: "report", position: feed.receipts.position });
    }
  }

  describe(): string {
    const { receipts, slow } = this.#options;
    const text = `${this.#feed}`;
    // Without pings nobody looks at the receipts, nor at the last offset.
    const feed = receipts
      ? text
      : text.replace(`${this.#feed.receipts}`, "").replace(slow ? "" : /\/\d+ /, " ");
    // A read knows of the topics gained before it, and of no later one.
    const unread = this.#calls.has("catch up") && this.#gained - this.#gainedBefore;
    const amidst = slow && JSON.stringify([this.#read, this.#sent, this.#socket.full]);
    const frames = receipts ? this.#socket.framesQueued : "";
    const first = this.#started || [this.#since, JSON.stringify(this.#attached)];
    return [feed, this.#calls, unread, amidst, frames, first].join(" | ");
  }

  facts(): FeedFacts {
    return {
      attachedAt: this.#attached?.header.head,
      isNew: this.#since === undefined,
      started: this.#started,
      live: this.#feed.live,
      open: this.#calls.open,
    };
  }

  take(): FeedOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  #emit(output: FeedOutput): void {
    this.#outputs.push(output);
  }

  #attach(since: Gsid | undefined): void {
    this.#since = since;
    const position = since === undefined ? undefined : { gsid: since, epoch: EPOCH };
    this.#feed.attach(position).then((page) => {
      this.#attached = page;
      this.#emit({ does: "attached", head: page.header.head });
    }, () => this.#emit({ does: "refuse" }));
  }

  #start(): void {
    const page = this.#attached!;
    this.#attached = undefined;
    this.#started = true;
    this.#follow([page]);
    void this.#feed.start(page);
  }

  /** As a session pings. */
  #ping(): void {
    this.#feed.sendCursor();
    this.#socket.send("{}");
    this.#feed.receipts.pinged(this.#socket.framesQueued);
  }

  #answer(input: FeedInput & { do: "answer" }): void {
    switch (input.call) {
      case "enter":
        return this.#calls.answer("enter", input.entered);
      case "catch up":
        this.#follow([this.#calls.about("catch up"), input.page]);
        return this.#calls.answer("catch up", input.page);
      case "room":
        this.#socket.full = false;
        return this.#calls.answer("room", undefined);
      default:
        return this.#calls.answer(input.call, undefined);
    }
  }

  #follow(read: unknown[]): void {
    this.#read = read;
    this.#sent = 0;
  }

  #deps(): FeedDeps {
    const { flush, maxBufferEvents, gsidOf } = this.#options;
    return {
      hub: this.#createHub(),
      origin: {
        enter: () => this.#await("enter", { since: this.#since }),
        catchUp: (read) => {
          this.#gainedBefore = this.#gained;
          return this.#await("catch up", read);
        },
      },
      flushBus: () => flush ? this.#await("flush", { since: this.#since }) : Promise.resolve(),
      proven: () => gsidOf(this.#ask("proven")),
      pause: () => this.#await("pause", {}),
      maxBufferBytes: 4 * maxBufferEvents * EVENT_BYTES,
    };
  }

  #createHub(): Hub {
    const audience: Pick<
      Hub["audience"],
      "enterInbox" | "enterGroups" | "settle" | "settleGained" | "leave"
    > = {
      enterInbox: () => this.#emit({ does: "enter inbox" }),
      enterGroups: (_feed, groups) => this.#emit({ does: "enter groups", groups }),
      settle: (_feed, head, groups) => {
        this.#emit({ does: "settle", head, groups });
        return groups.slice(0, this.#ask("missing"));
      },
      settleGained: (_feed, _group, joined, head, member) =>
        this.#emit({ does: "settle gained", joined, head, member }),
      leave: () => {},
    };
    const hub: Pick<Hub, "answered"> & { audience: typeof audience } = {
      audience,
      answered: (_feed, gsid) => this.#emit({ does: "answered", gsid }),
    };
    return hub as Hub;
  }

  #await<Result>(call: FeedCall, about: unknown): Promise<Result> {
    this.#emit({ does: "ask", call });
    return this.#calls.make(call, about);
  }
}

function publication({ gsid, topic, offset }: FeedInput & { do: "receive" }): Publication {
  const data = JSON.stringify({ gsid }).padEnd(EVENT_BYTES);
  return new Publication({ kind: "event", gsid, membership: 0, data }, topic, offset);
}
