/**
 * A history as it should be, made step by step: a system without faults, as small as it can be.
 *
 * Invariant: the checker finds nothing in what comes of it, whatever the steps. For tests alone.
 *
 * @module
 */

import { atOfGsid, gsidAt } from "shared/gsid.ts";
import { pick, type Random } from "testing/random.ts";
import type { Cursor, DeviceHistory, Entry, History } from "../entry.ts";
import type { Expectations } from "../evidence.ts";
import { Reach } from "../reach.ts";
import { contentOf, sentDigestOf } from "../recorder.ts";
import type { Stay, TrueEvent, Truth } from "../truth.ts";

const EPOCH = "E", EDGE = "ws://edge-0";
const GROUP = "group:g";
const ORIGIN_MS = 1_790_000_000_000;

type WithoutTime<T> = T extends unknown ? Omit<T, "at"> : never;

export class Scene {
  readonly history: History = { originMs: ORIGIN_MS, devices: [] };
  readonly truth: Truth = {
    epoch: EPOCH,
    head: 0,
    events: [],
    stays: [],
    sent: [],
    pushes: [],
    replaced: [],
  };
  readonly #cursors = new Map<DeviceHistory, Cursor>();
  readonly #connected = new Set<DeviceHistory>();
  readonly #tokens = new Map<string, string>();
  #now = 1_000;
  #messages = 0;

  /** Ana and Bob with two devices each, Cleo with one; Ana and Bob are in a group. */
  constructor() {
    for (const [user, n] of [["ana", 2], ["bob", 2], ["cleo", 1]] as const) {
      for (let k = 0; k < n; k++) {
        const device = { user, device: `d${k}`, format: "json", entries: [] };
        this.history.devices.push(device);
        this.note(device, { kind: "started" });
        this.connect(device);
      }
    }
    this.change("group.created", ["ana", "bob"]);
    for (const user of ["ana", "bob", "cleo"]) this.register(user);
  }

  get expect(): Expectations {
    return {
      live: this.#connected,
      liveWithinMs: 5_000,
      pushWithinMs: 20_000,
      noNeedlessPush: true,
    };
  }

  get users(): string[] {
    return [...new Set(this.history.devices.map(({ user }) => user))];
  }

  device(user: string, k = 0): DeviceHistory {
    return this.history.devices.filter((one) => one.user === user)[k]!;
  }

  /** Something that a user may do. */
  step(random: Random): void {
    const dice = random();
    const device = pick(this.history.devices, random);
    const isConnected = this.#connected.has(device);
    if (dice < 0.25) isConnected ? this.disconnect(device) : this.connect(device);
    else if (dice < 0.35) this.change(this.isIn("bob") ? "group.left" : "group.joined", ["bob"]);
    else if (dice < 0.4) this.ack(device);
    else if (dice < 0.48) this.later(30_000);
    else if (dice < 0.5) this.repeat();
    else if (isConnected && (dice < 0.7 || !this.isIn(device.user))) {
      this.send(device, { user: pick(this.users, random) });
    } else if (isConnected) this.send(device, { group: "g" });
  }

  connect(device: DeviceHistory): void {
    const cursor = this.#cursors.get(device);
    const position = cursor ?? { offset: this.truth.head, epoch: EPOCH };
    const recovered = cursor !== undefined;
    this.note(device, {
      kind: "connected",
      ...{ edge: EDGE, recovered, wasRecovering: recovered, position: { ...position } },
      ...(cursor && { cursor: { ...cursor } }),
    });
    this.#cursors.set(device, { ...position });
    this.#connected.add(device);
    const reach = new Reach(this.truth.events, this.users);
    for (const event of this.truth.events) {
      if (event.gsid <= position.offset || !reach.reaches(event.gsid, device.user)) continue;
      this.#deliver(device, event, event.gsid);
    }
  }

  disconnect(device: DeviceHistory): void {
    this.note(device, { kind: "closed", code: 1 });
    this.#connected.delete(device);
  }

  /** A send is repeated, and draws a gsid of which nothing comes. */
  repeat(): void {
    this.truth.head = this.#nextGsid();
    this.#now += 10;
    for (const device of this.#connected) {
      this.note(device, { kind: "cursor", offset: this.truth.head });
      this.#cursors.get(device)!.offset = this.truth.head;
    }
  }

  ack(device: DeviceHistory): void {
    const last = device.entries.findLast((entry) => entry.kind === "event");
    if (last && this.#connected.has(device)) {
      this.note(device, { kind: "ack", gsid: last.content.gsid });
    }
  }

  register(user: string): void {
    const token = `token-of-${user}`;
    this.#tokens.set(user, token);
    this.note(this.device(user), { kind: "registered", token });
  }

  send(device: DeviceHistory, target: { user: string } | { group: string }): TrueEvent {
    const { user } = device;
    const id = `m${++this.#messages}`;
    const body = { text: `text of ${id}` };
    const both = "user" in target ? [user, target.user].sort() : [];
    const conversation = "user" in target ? `dm:${both.join(":")}` : GROUP;
    const sentDigest = sentDigestOf(conversation, body);
    this.note(device, { kind: "send", id, attempt: 1, conversation, digest: sentDigest });
    const event = this.#commit({ type: "message", conversation, from: user, id, body }, {
      ...{ sender: user, id, sentDigest, text: body.text },
    });
    this.truth.sent.push({ sender: user, id, gsid: event.gsid });
    const { gsid, prev } = event;
    this.note(device, { kind: "ok", id, attempt: 1, gsid, prev, duplicate: false });
    return event;
  }

  change(type: string, members: string[]): TrueEvent {
    const fields = { type, conversation: GROUP, group: "g", by: "ana", members };
    const gsid = this.#nextGsid();
    for (const user of members) {
      const stay = this.truth.stays.find((one) => one.user === user && one.left === undefined);
      if (stay) stay.left = gsid;
      else this.truth.stays.push({ conversation: GROUP, user, joined: gsid } satisfies Stay);
    }
    return this.#commit(fields, { sender: "ana", members });
  }

  isIn(user: string): boolean {
    return this.truth.stays.some((stay) => stay.user === user && stay.left === undefined);
  }

  push(user: string, { gsid, text }: TrueEvent, afterMs = 100): void {
    const token = this.#tokens.get(user)!;
    const atMs = ORIGIN_MS + this.#now + afterMs;
    this.truth.pushes.push({ user, token, gsid, atMs, status: 200, text: text! });
  }

  /** Nothing happens for a while. */
  later(ms: number): void {
    this.#now += ms;
  }

  note(device: DeviceHistory, entry: WithoutTime<Entry>): void {
    device.entries.push({ at: this.#now++, ...entry } as Entry);
  }

  #nextGsid(): number {
    return gsidAt(ORIGIN_MS + this.#now);
  }

  #commit(fields: object, more: Partial<TrueEvent>): TrueEvent {
    const gsid = this.#nextGsid();
    const { conversation } = fields as { conversation: string };
    const prev = this.truth.events.findLast((one) => one.conversation === conversation)?.gsid ?? 0;
    const shown = { type: "", ...fields, gsid, prev, at: atOfGsid(gsid) };
    const event: TrueEvent = { ...contentOf(shown), ...more };
    const proven = this.truth.head;
    this.truth.events.push(event);
    this.truth.head = gsid;
    this.#now += 10;
    const reached = new Reach(this.truth.events, this.users).of(event);
    for (const device of this.#connected) {
      if (reached.has(device.user)) this.#deliver(device, event, proven);
    }
    for (const user of reached) if (this.#isOwed(user, event)) this.push(user, event);
    return event;
  }

  #deliver(device: DeviceHistory, content: TrueEvent, offset: number | undefined): void {
    const { gsid, type, conversation, prev, digest } = content;
    const shown = { gsid, type, conversation, prev, digest };
    this.note(device, { kind: "event", content: shown, ...(offset && { offset }) });
    if (offset) this.#cursors.get(device)!.offset = offset;
  }

  #isOwed(user: string, event: TrueEvent): boolean {
    const isThere = [...this.#connected].some((device) => device.user === user);
    return !isThere && this.#tokens.has(user) && event.type === "message" && event.sender !== user;
  }
}
