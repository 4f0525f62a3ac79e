/**
 * The real hub, ledger and prover of an edge, led by the explorer.
 *
 * Invariant: what is heard, read and answered comes in as an input; what the hub tells its
 * connections, and what it asks of the origins, goes out as an output. Knows nothing of feeds.
 *
 * @module
 */

import { Hub } from "edge/hub/hub.ts";
import type { Ledger } from "edge/hub/ledger.ts";
import { Prover } from "edge/hub/prover.ts";
import type { Receiver } from "edge/hub/topics.ts";
import type { BusMessage } from "shared/bus/bus.ts";
import { type Control, encodeLive, type Live } from "shared/bus/live.ts";
import type { Page } from "shared/bus/page.ts";
import type { Digest, GroupState, Mended } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import type { ConnectionId, UserId } from "shared/ids.ts";
import { inboxTopic, subjectOf, type TopicKey } from "shared/topic.ts";
import type { Intern } from "../engine/intern.ts";
import type { Ask, Instance } from "../engine/instance.ts";
import { DORA, OTTO, TEAM, TEAM_TOPIC } from "../world/cast.ts";
import { Calls, type OpenCall } from "./calls.ts";

/** Connections, as the hub knows them: two of Dora's device, and one of Otto's. */
export type Who = "a" | "b" | "other";

export type HubCall = "mend" | "digest" | "changes" | "grace" | "pause";

export type HubInput =
  /** `only`: the others of this topic do not hear it. */
  | { do: "hear"; topic: TopicKey; live: Live; only?: Who }
  | { do: "judge"; digest: Digest }
  | { do: "let go of what is idle" }
  | { do: "answer"; call: "mend"; page: Page<Mended> }
  | { do: "answer"; call: "digest"; digest: Digest }
  | { do: "answer"; call: "changes"; changes: Live[] }
  | { do: "answer"; call: "grace" | "pause" }
  | { do: "fail"; call: HubCall }
  | { do: "enter inbox" | "leave"; who: Who }
  | { do: "enter groups"; who: Who; groups: readonly GroupState[] }
  | { do: "settle"; who: Who; head: Gsid; groups: readonly GroupState[] }
  | { do: "settle gained"; who: Who; joined: Gsid; head: Gsid; member: boolean }
  | { do: "answered"; who: Who; gsid: Gsid };

interface Received {
  to: Who;
  does: "receive";
  gsid: Gsid;
  topic: TopicKey;
  offset: Gsid | undefined;
  /** It was read because of a digest. */
  mended: boolean;
}

export type HubOutput =
  | Received
  | { to: Who; does: "gained"; joined: Gsid; cursor: Gsid }
  | { to: Who; does: "out of order" }
  | { to: Who; does: "control"; control: Control }
  | { to: Who; does: "proved"; proven: Gsid }
  /** After a settle: how many of the groups must be entered yet. */
  | { does: "miss"; groups: number }
  | { does: "ask"; call: HubCall };

/** What the hub wants to know of a connection: whether it is live. */
export type HubQuestion = Who;

export interface HubFacts {
  proven: Gsid;
  /** A first head is known: connections may come. */
  begun: boolean;
  /** A digest is being dealt with. */
  judging: boolean;
  /** Events of the group that wait until its changes are read. */
  held: readonly Gsid[];
  open: readonly OpenCall<HubCall>[];
}

export interface HubOptions {
  createLedger(): Ledger;
  archiveAfterMs: number;
  /** Groups are let go of when they are idle. */
  archives: boolean;
  /** Whether the moment between a comparison and the next is a step of its own. */
  grace: boolean;
  /** Bends the hub, to see whether it is found. */
  bend?(hub: Hub): void;
  abouts: Intern<unknown>;
}

const USERS: Record<Who, UserId> = { a: DORA, b: DORA, other: OTTO };

export class HubInstance implements Instance<HubInput, HubOutput, HubFacts> {
  readonly #ledger: Ledger;
  readonly #hub: Hub;
  readonly #prover: Prover;
  readonly #calls: Calls<HubCall>;
  readonly #ask: Ask<HubQuestion>;
  readonly #receivers: Record<Who, Receiver>;
  readonly #handlers = new Set<{ subject: string; who: Who; handle(message: BusMessage): void }>();
  /** Whose subscriptions are being made. */
  #who: Who = "a";
  #outputs: HubOutput[] = [];
  #judged: Digest | undefined;
  /** What was received of the hand-out that goes on: its end tells where it came from. */
  #handing: Received[] = [];
  readonly #archives: boolean;

  constructor(options: HubOptions, ask: Ask<HubQuestion>) {
    this.#ask = ask;
    this.#archives = options.archives;
    this.#calls = new Calls(options.abouts);
    this.#ledger = options.createLedger();
    const judge = this.#ledger.judge.bind(this.#ledger);
    this.#ledger.judge = (digest) => judge(this.#judged = digest);
    this.#hub = this.#createHub(options);
    options.bend?.(this.#hub);
    this.#prover = this.#createProver(options);
    this.#receivers = {
      a: this.#receiver("a"),
      b: this.#receiver("b"),
      other: this.#receiver("other"),
    };
  }

  perform(input: HubInput): void {
    switch (input.do) {
      case "hear":
        return this.#hear(input);
      case "judge":
        return this.#prover.heard(input.digest);
      case "let go of what is idle":
        return this.#hub.archiveIdle();
      case "answer":
        return this.#answer(input);
      case "fail":
        return this.#calls.fail(input.call);
      default:
        return this.#call(input);
    }
  }

  describe(): string {
    const judged = this.#isJudging ? JSON.stringify(this.#judged) : "";
    const audience = `${this.#hub.audience}`;
    // Where nothing is ever idle, nobody looks at what the last event was.
    const heard = this.#archives ? audience : audience.replaceAll(/\/\w+:/g, ":");
    return [this.#ledger, heard, this.#prover, judged, this.#calls].join(" | ");
  }

  facts(): HubFacts {
    return {
      proven: this.#ledger.proven,
      begun: this.#ledger.epoch !== undefined,
      judging: this.#isJudging,
      held: this.#held(),
      open: this.#calls.open,
    };
  }

  /** Ordered by connection: in which order it told several of them is nothing to any of them. */
  take(): HubOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    const whom = (output: HubOutput) => "to" in output ? output.to : "";
    return outputs.sort((one, other) => whom(one).localeCompare(whom(other)));
  }

  get #isJudging(): boolean {
    return `${this.#prover}`.startsWith("judges");
  }

  /** What a feed calls of the hub. */
  #call(input: HubInput & { who: Who }): void {
    const { audience } = this.#hub;
    const receiver = this.#receivers[input.who];
    this.#who = input.who;
    switch (input.do) {
      case "enter inbox":
        return audience.enterInbox(receiver);
      case "enter groups":
        return audience.enterGroups(receiver, input.groups);
      case "settle": {
        const missing = audience.settle(receiver, input.head, input.groups);
        return void this.#outputs.push({ does: "miss", groups: missing.length });
      }
      case "settle gained":
        return audience.settleGained(receiver, TEAM, input.joined, input.head, input.member);
      case "leave":
        return audience.leave(receiver);
      case "answered":
        return this.#hub.answered(receiver, input.gsid);
    }
  }

  #answer(input: HubInput & { do: "answer" }): void {
    switch (input.call) {
      case "mend":
        return this.#calls.answer("mend", input.page);
      case "digest":
        return this.#calls.answer("digest", input.digest);
      case "changes":
        return this.#calls.answer("changes", input.changes);
      default:
        return this.#calls.answer(input.call, undefined);
    }
  }

  #hear({ topic, live, only }: HubInput & { do: "hear" }): void {
    const subject = subjectOf(topic);
    const message: BusMessage = { subject, data: encodeLive(live), respond() {} };
    const isInbox = topic === inboxTopic(DORA);
    for (const each of [...this.#handlers]) {
      if (each.subject !== subject || (isInbox && only && each.who !== only)) continue;
      each.handle(message);
    }
  }

  #createHub({ archiveAfterMs }: HubOptions): Hub {
    return new Hub({
      ledger: this.#ledger,
      subscribe: (subject, handle) => {
        const handler = { subject, handle, who: this.#who };
        this.#handlers.add(handler);
        return { unsubscribe: () => void this.#handlers.delete(handler) };
      },
      readChanges: (group, after) => this.#await("changes", { group, after, held: this.#held() }),
      pause: () => this.#await("pause", {}),
      archiveAfterMs,
      hashKey: [1, 2],
      events: {
        handed: (_live, source) => {
          for (const received of this.#handing) received.mended = source === "digest";
          this.#handing = [];
        },
        poisoned: () => {
          throw new Error("Cannot read what was published: no origin can have written it");
        },
        woken() {},
        archived() {},
      },
    });
  }

  #createProver({ grace }: HubOptions): Prover {
    return new Prover({
      ledger: this.#ledger,
      origin: {
        digest: (ask) => this.#await("digest", ask),
        mend: (read) => this.#await("mend", read),
      },
      hub: this.#hub,
      onLost: (why) => {
        throw new Error(`Cannot lose anything here: ${why}`);
      },
      now: () => 0,
      grace: () => grace ? this.#await("grace", {}) : Promise.resolve(),
      events: { judged() {} },
    });
  }

  #await<Result>(call: HubCall, about: unknown): Promise<Result> {
    this.#outputs.push({ does: "ask", call });
    return this.#calls.make(call, about);
  }

  /** What waits for the changes that are being asked for: the hub asks for what these need. */
  #held(): Gsid[] {
    const [group] = this.#hub.audience.of(TEAM_TOPIC);
    return group?.held?.map(({ gsid }) => gsid) ?? [];
  }

  #receiver(who: Who): Receiver {
    const emit = (output: HubOutput) => void this.#outputs.push(output);
    const ask = this.#ask;
    const receiver: Receiver = {
      id: who as string as ConnectionId,
      user: USERS[who],
      get live() {
        return ask(who) === 1;
      },
      receive: ({ gsid, topic, offset }) => {
        const output: Received = { to: who, does: "receive", gsid, topic, offset, mended: false };
        this.#handing.push(output);
        emit(output);
      },
      gained: (_group, joined, cursor) => emit({ to: who, does: "gained", joined, cursor }),
      outOfOrder: () => {
        emit({ to: who, does: "out of order" });
        // As a connection does that ends.
        this.#hub.audience.leave(receiver);
      },
      control: (control) => emit({ to: who, does: "control", control }),
      proved: (proven) => emit({ to: who, does: "proved", proven }),
    };
    return receiver;
  }
}
