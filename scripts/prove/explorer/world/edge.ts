/**
 * An edge put together from its tables: hub and feeds call each other as the real ones do.
 *
 * Invariant: it decides nothing. A call that the hub's table made of a connection is an input of
 * that connection's feed, and the other way round, at once and in order. Knows nothing of when
 * something happens.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import { CLOSES } from "shared/wire/codes.ts";
import type { Ask } from "../engine/instance.ts";
import { Machine } from "../engine/machine.ts";
import { Incomplete } from "../engine/search.ts";
import {
  type FeedFacts,
  type FeedInput,
  FeedInstance,
  type FeedOptions,
  type FeedOutput,
  type FeedQuestion,
} from "../real/feed.ts";
import {
  type HubFacts,
  type HubInput,
  HubInstance,
  type HubOptions,
  type HubOutput,
  type HubQuestion,
  type Who,
} from "../real/hub.ts";
import { ASKED, AT, ENTERED_AT, FEED, type Slot, SLOTS, SOCKET } from "./fields.ts";
import { type Frame, Frames } from "./frames.ts";
import type { Bends } from "./bends.ts";
import { asFeedInput, asHubInput } from "./neighbours.ts";

export interface EdgeOptions {
  hub: HubOptions;
  feed: FeedOptions;
  placeOf(gsid: Gsid): number;
  bends: Bends;
}

const WHO: readonly Who[] = ["a", "b"];

export class Edge {
  readonly hubs: Machine<HubInput, HubOutput, HubFacts>;
  readonly feeds: Machine<FeedInput, FeedOutput, FeedFacts>;
  readonly frames = new Frames();
  readonly #options: EdgeOptions;
  /** By the number of an output: the numbers of the inputs that follow from it. */
  readonly #feedInputs: (readonly number[])[] = [];
  readonly #hubInputs: (readonly number[])[][] = [[], []];
  readonly #leave: readonly number[];
  /** How many groups the last settle left to be entered. */
  #missing = 0;

  constructor(options: EdgeOptions) {
    this.#options = options;
    this.hubs = new Machine((ask) => new HubInstance(options.hub, ask as Ask<HubQuestion>));
    this.feeds = new Machine((ask) => new FeedInstance(options.feed, ask as Ask<FeedQuestion>));
    this.#leave = WHO.map((who) => this.hubs.inputs.of({ do: "leave", who }));
  }

  async start(): Promise<void> {
    await this.hubs.start();
    await this.feeds.start();
  }

  /** A new process: nobody is connected, and nothing is known. */
  boot(s: Int32Array): void {
    s[AT.hub] =
      s[AT.hubAsked] =
      s[AT.other] =
      s[AT.reported] =
        0;
    for (const slot of SLOTS) this.#forget(s, slot);
  }

  /** A new connection of the device. */
  open(s: Int32Array, slot: Slot): void {
    s[FEED[slot]] = 1;
    s[AT.reads]! |= 1 << slot;
  }

  hubFacts(s: Int32Array): HubFacts {
    return this.hubs.facts(s[AT.hub]!);
  }

  /** `undefined`: there is no such connection. */
  feedFacts(s: Int32Array, slot: Slot): FeedFacts | undefined {
    const feed = s[FEED[slot]]!;
    return feed === 0 ? undefined : this.feeds.facts(feed - 1);
  }

  proven(s: Int32Array): number {
    return this.#options.placeOf(this.hubFacts(s).proven);
  }

  /** The hub gets an input, and its connections what follows from it. */
  hub(s: Int32Array, input: number, head: number): void {
    const { hubs } = this;
    const state = s[AT.hub]!;
    const answers: number[] = [];
    let entry = hubs.entry(state, input);
    for (; !entry || entry.question >= 0; entry = entry.answered[answers.at(-1)!]) {
      if (!entry) throw new Incomplete(() => hubs.make(state, input, answers));
      answers.push(this.#isLive(s, hubs.questions.at(entry.question) as Who) ? 1 : 0);
    }
    s[AT.hub] = entry.next;
    if (hubs.facts(entry.next).open.length === 0) s[AT.hubAsked] = 0;
    for (const output of entry.outputs) this.#follow(s, output, head);
  }

  /** The feed in the slot gets an input, and the hub and the socket what follows from it. */
  feed(s: Int32Array, slot: Slot, input: number, head: number): void {
    const { feeds } = this;
    const state = s[FEED[slot]]! - 1;
    const answers: number[] = [];
    let done = 0;
    for (let entry = feeds.entry(state, input);; entry = entry.answered[answers.at(-1)!]) {
      if (!entry) throw new Incomplete(() => feeds.make(state, input, answers));
      if (entry.question < 0) s[FEED[slot]] = entry.next + 1;
      for (; done < entry.outputs.length; done++) {
        this.#perform(s, slot, entry.outputs[done]!, head);
        // It has ended: what it would do is nothing to anybody.
        if (s[FEED[slot]] === 0) return;
      }
      if (entry.question < 0) break;
      const isProven = feeds.questions.at(entry.question) === "proven";
      answers.push(isProven ? this.proven(s) : this.#missing);
    }
    if (this.feedFacts(s, slot)!.open.length === 0) s[ASKED[slot]] = 0;
  }

  /** The connection ends: it leaves the hub, and nothing of it counts any more. */
  end(s: Int32Array, slot: Slot, head: number): void {
    this.hub(s, this.#leave[slot]!, head);
    this.#forget(s, slot);
  }

  /** The device has lost the connection, and the edge does not know. */
  abandon(s: Int32Array, slot: Slot): void {
    s[AT.reads]! &= ~(1 << slot);
    s[SOCKET[slot]] = s[AT.pongs] = s[AT.answers] = 0;
  }

  #forget(s: Int32Array, slot: Slot): void {
    this.abandon(s, slot);
    s[FEED[slot]] = s[ASKED[slot]] = s[ENTERED_AT[slot]] = 0;
  }

  #isLive(s: Int32Array, who: Who): boolean {
    if (who === "other") return true;
    return this.feedFacts(s, who === "a" ? 0 : 1)?.live ?? false;
  }

  /** What the hub did. */
  #follow(s: Int32Array, number: number, head: number): void {
    const output = this.hubs.outputs.at(number);
    // What is asked now may be answered from what is committed up to now, or later.
    if (output.does === "ask") s[AT.hubAsked] = head;
    if (output.does === "miss") this.#missing = output.groups;
    if (!("to" in output) || output.to === "other") return;
    const slot = output.to === "a" ? 0 : 1;
    if (s[FEED[slot]] === 0) return;
    if (output.does === "out of order") {
      s[AT.reset] = 1;
      return this.#forget(s, slot);
    }
    for (const input of this.#told(s, slot, number, output)) {
      if (s[FEED[slot]] !== 0) this.feed(s, slot, input, head);
    }
  }

  #told(s: Int32Array, slot: Slot, number: number, output: HubOutput & { to: Who }) {
    const { told } = this.#options.bends;
    // Whether a claim is its own depends on the connection.
    if (!told && output.does !== "control") {
      return this.#feedInputs[number] ??= this.#asFeedInputs(output);
    }
    const facts = this.feedFacts(s, slot)!;
    return this.#asFeedInputs(output, s[ENTERED_AT[slot]], (input) => {
      return told?.(input, output, facts) ?? [input];
    });
  }

  #asFeedInputs(
    output: HubOutput & { to: Who },
    enteredAt?: number,
    bend = (input: FeedInput) => [input],
  ): readonly number[] {
    const input = asFeedInput(output, this.#options.feed, enteredAt);
    return input ? bend(input).map((each) => this.feeds.inputs.of(each)) : [];
  }

  /** What the feed did. */
  #perform(s: Int32Array, slot: Slot, number: number, head: number): void {
    const output = this.feeds.outputs.at(number);
    switch (output.does) {
      case "queue":
        return this.#queue(s, slot, output);
      case "ask":
        return this.#asks(s, slot, head);
      case "refuse":
        return this.end(s, slot, head);
      case "end":
        return this.#close(s, slot, output.close.code, head);
      case "report":
        return this.#report(s, this.#placeOf(output.position));
      case "attached":
        return;
      default:
        for (const input of this.#called(slot, number, output)) this.hub(s, input, head);
    }
  }

  #called(slot: Slot, number: number, output: FeedOutput): readonly number[] {
    const { bends } = this.#options;
    return this.#hubInputs[slot]![number] ??= [asHubInput(output, WHO[slot]!)]
      .flatMap((input) => bends.called?.(input) ?? [input])
      .map((input) => this.hubs.inputs.of(input));
  }

  #asks(s: Int32Array, slot: Slot, head: number): void {
    s[ASKED[slot]] = head;
    if (!this.#options.feed.named) return;
    const isCatchUp = this.feedFacts(s, slot)!.open.some(({ name }) => name === "catch up");
    // From now on an origin may tell the other connections.
    if (isCatchUp) s[AT.claims]! |= 1 << s[ENTERED_AT[slot]]!;
  }

  #close(s: Int32Array, slot: Slot, code: number, head: number): void {
    if (code === CLOSES.insufficientState.code) s[AT.reset] = 1;
    if (code === CLOSES.forceDisconnect.code) {
      // Only a later one may take its place.
      const isNewest = s[ENTERED_AT[slot]] === s[AT.clock];
      if (isNewest) s[AT.wrong] = 1;
    }
    this.end(s, slot, head);
  }

  #queue(s: Int32Array, slot: Slot, { gsid, offset }: FeedOutput & { does: "queue" }): void {
    const frame = { place: this.#placeOf(gsid), offset: this.#placeOf(offset) };
    const { queued } = this.#options.bends;
    if (!queued) return this.push(s, slot, frame);
    for (const each of queued(frame, this.proven(s))) this.push(s, slot, each);
  }

  /** Nobody reads what goes to a connection that the device has lost. */
  push(s: Int32Array, slot: Slot, frame: Frame): void {
    if (s[AT.reads]! & (1 << slot)) s[SOCKET[slot]] = this.frames.push(s[SOCKET[slot]]!, frame);
  }

  #report(s: Int32Array, position: number): void {
    const { reported } = this.#options.bends;
    const got = Math.max(0, 31 - Math.clz32(s[AT.got]!));
    const heard = reported?.(position, this.proven(s), got) ?? position;
    s[AT.reported] = Math.max(s[AT.reported]!, heard);
  }

  #placeOf(gsid: Gsid | undefined): number {
    return gsid ? this.#options.placeOf(gsid) : 0;
  }
}
