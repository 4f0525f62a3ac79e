/**
 * What one connection is sent of what happens: catch-up first, then live, without a hole.
 *
 * Invariant: its topics are in the hub before the snapshot is taken, so that every event is either
 * read or handed; and every offset it sends is a cursor that misses nothing. Knows nothing of
 * tokens, commands or replies.
 *
 * @module
 */

import type { Control } from "shared/bus/live.ts";
import type { Page } from "shared/bus/page.ts";
import type { CatchUp, CaughtUp, Sent } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import {
  type ConnectionId,
  type DeviceId,
  type GroupId,
  isDirect,
  type UserId,
} from "shared/ids.ts";
import { groupTopic } from "shared/topic.ts";
import { type Close, CLOSES } from "shared/wire/codes.ts";
import type { Frame, Position } from "shared/wire/codec.ts";
import type { Hub } from "../hub/hub.ts";
import type { Publication } from "../hub/publication.ts";
import type { Receiver } from "../hub/topics.ts";
import type { Socket } from "../socket/socket.ts";
import type { Origin } from "../upstream/origin.ts";
import { Cutover, type Gain, memberIn, type Next, textOf } from "./cutover.ts";
import { Outlet } from "./outlet.ts";
import type { Receipts } from "./receipts.ts";
import { Recent } from "./recent.ts";
import { retry } from "./retry.ts";
import { Takeover } from "./takeover.ts";

export interface FeedDeps {
  hub: Hub;
  origin: Pick<Origin, "enter" | "catchUp">;
  /** Resolves when the bus server knows of every subscription made so far. */
  flushBus(): Promise<void>;
  /** Up to here the hub handed out everything. */
  proven(): Gsid;
  /** Resolves when it is time to try a failed read again. */
  pause(): Promise<void>;
  maxBufferBytes: number;
}

export interface FeedOwner {
  readonly id: ConnectionId;
  readonly user: UserId;
  readonly device: DeviceId;
  /** The client chose the device id. */
  readonly named: boolean;
  /** When the token was issued that lets it in, in ms since 1970. */
  readonly issuedMs: number;
  /** Resolves when others can see that the user is here, or when that takes too long. */
  announce(): Promise<void>;
  /** Tokens of its user, or device, that were issued before this are good no more. */
  revoked(beforeMs: number): void;
  end(close: Close): void;
}

/** Group messages of its own whose event may still come. */
const MAX_OWN = 256;

export class Feed implements Receiver {
  readonly id: ConnectionId;
  readonly user: UserId;
  readonly #deps: FeedDeps;
  readonly #owner: FeedOwner;
  readonly #outlet: Outlet;
  readonly #cutover: Cutover<Publication>;
  readonly #takeover: Takeover;
  readonly #own = new Recent<Gsid>(MAX_OWN);
  #began: Gsid = 0;
  #head: Gsid = 0;
  #epoch = "";
  /** What the cutover said last; `undefined` until the first catch-up was sent. */
  #doing: Next<Publication> | undefined;
  #over = false;

  constructor(socket: Socket, owner: FeedOwner, deps: FeedDeps) {
    this.id = owner.id;
    this.user = owner.user;
    this.#owner = owner;
    this.#deps = deps;
    this.#outlet = new Outlet(socket, deps.maxBufferBytes, (close) => owner.end(close));
    this.#cutover = new Cutover(this.#outlet.shareBytes);
    this.#takeover = new Takeover(owner.id);
  }

  get receipts(): Receipts {
    return this.#outlet.receipts;
  }

  /** It is sent everything after this, and nothing before. */
  get began(): Gsid {
    return this.#began;
  }

  get live(): boolean {
    return this.#cutover.live;
  }

  /** What waits behind a catch-up. */
  get bufferedBytes(): number {
    return this.#cutover.bytes;
  }

  /**
   * Enters the user's topics, then takes the snapshot that everything after `since` is read from.
   *
   * @throws When the bus, or every origin, is out of reach.
   */
  async attach(since: Position | undefined): Promise<Page<CaughtUp>> {
    const { hub, origin, flushBus } = this.#deps;
    const { user, device, id, named, issuedMs: issued } = this.#owner;
    hub.audience.enterInbox(this);
    await flushBus();
    const { at, groups, revoked } = await origin.enter({ user, device, issued });
    if (revoked !== undefined) this.#owner.revoked(revoked);
    this.#takeover.connected(at);
    if (this.#takeover.lost) this.#owner.end(CLOSES.forceDisconnect);
    // The client may be back on a newer connection: this one must not take its device.
    if (this.#over) throw new Error("Cannot attach: the connection has ended");
    hub.audience.enterGroups(this, groups);
    await flushBus();
    await this.#owner.announce();
    const claim = named && { claim: { device, connection: id, at } };
    const page = await this.#snapshot({ ...(since && { after: since }), ...claim });
    this.#began = since && page.header.recovered ? since.gsid : page.header.head;
    this.#outlet.lastOffset = this.#began;
    return page;
  }

  /** Sends the catch-up that `attach` began, then goes live. Never throws. */
  async start(first: Page<CaughtUp>): Promise<void> {
    if (first.header.recovered && !(await this.#sendPages(first, this.#outlet.lastOffset))) return;
    await this.#cutOver();
  }

  /** Leaves the hub at once: nothing is sent any more. */
  stop(): void {
    this.#over = true;
    this.#deps.hub.audience.leave(this);
  }

  /** The reply that is sent now carries this event: it need not come a second time. */
  replied({ gsid, conversation }: Pick<Sent, "gsid" | "conversation">): void {
    if (isDirect(conversation)) return this.#deps.hub.answered(this, gsid);
    this.#own.add(gsid);
  }

  receive(publication: Publication): void {
    if (this.#over) return;
    if (this.#own.take(publication.gsid)) return;
    if (this.#cutover.take(publication, this.#outlet.roomBytes)) this.#deliver(publication);
  }

  gained(group: GroupId, joined: Gsid, cursor: Gsid): void {
    this.#cutover.gain({ group, joined, cursor });
    // Otherwise its turn comes after what is being sent now.
    if (this.#doing === "live") void this.#cutOver();
  }

  outOfOrder(): void {
    this.#owner.end(CLOSES.insufficientState);
  }

  control(control: Control): void {
    if (control.device !== undefined && control.device !== this.#owner.device) return;
    if (control.type === "taken") this.#takeover.claimed(control);
    if (control.type === "revoked") this.#owner.revoked(control.before);
    const mustGo = control.type === "disconnect" || this.#takeover.lost;
    if (mustGo) this.#owner.end(CLOSES.forceDisconnect);
  }

  proved(proven: Gsid): void {
    if (this.#cutover.live) this.#outlet.proved(proven);
  }

  /** A client whose cursor lags is told how far it may move; with a ping, so that it is rare. */
  sendCursor(): void {
    if (this.#cutover.live) this.#outlet.sendCursor(this.#deps.proven());
  }

  /** Equal for feeds that behave alike from here on, with the same requests unanswered. */
  toString(): string {
    const place = `${this.#head}/${this.#outlet.lastOffset} ${textOf(this.#doing)} ${this.#over}`;
    return `${this.#cutover} ${place} ${this.#takeover} [${this.#own}] ${this.receipts}`;
  }

  async #snapshot(from: Pick<CatchUp, "after" | "claim">): Promise<Page<CaughtUp>> {
    const { hub, origin, flushBus } = this.#deps;
    for (;;) {
      const { gains } = this.#cutover;
      const page = await origin.catchUp({ user: this.user, ...from });
      if (this.#over) return page;
      const groups = page.header.groups ?? [];
      const missing = hub.audience.settle(this, page.header.head, groups);
      if (missing.length === 0) {
        this.#head = page.header.head;
        this.#cutover.settle({ head: this.#head, gains, isMember: memberIn(groups) });
        this.#epoch = page.header.epoch;
        return page;
      }
      // Joined between the two reads, or woken: the topic first, then a snapshot later than it.
      hub.audience.enterGroups(this, missing);
      await flushBus();
    }
  }

  /** Sends what comes after `sent`. False: the connection ended meanwhile. */
  async #sendPages(first: Page<CaughtUp>, sent: Gsid, gain?: Gain): Promise<boolean> {
    const { head: upto, epoch } = first.header;
    for (let page = first;;) {
      let { more } = page.header;
      for (const { gsid, data } of page.events) {
        // A client that is slow to read costs another read, rather than the memory of the page.
        more ||= this.#outlet.isFull;
        if (this.#outlet.isFull || this.#over) break;
        const offset = gain ? gain.cursor : gsid;
        this.#sendEvent(gsid, this.#outlet.codec.push(data, offset || undefined), offset);
        sent = gsid;
      }
      if (this.#over) return false;
      if (!more) return true;
      if (this.#outlet.isFull) await this.#outlet.drained();
      const after = { gsid: sent, epoch };
      const next = await this.#read({ after, upto, ...(gain && { group: gain.group }) });
      if (!next) return false;
      page = next;
    }
  }

  async #cutOver(): Promise<void> {
    while (!this.#over) {
      const next = this.#doing = this.#cutover.next();
      if (next === "live") break;
      if (next === "read on") {
        if (!(await this.#readOn())) return;
      } else if ("gain" in next) {
        if (!(await this.#readGain(next.gain))) return;
      } else {
        if (this.#outlet.isFull) await this.#outlet.drained();
        if (!this.#over) this.#deliver(next.event);
      }
    }
    this.proved(this.#deps.proven());
  }

  /** The buffer overflowed: what it held is in the database, after the snapshot. */
  async #readOn(): Promise<boolean> {
    const after = { gsid: this.#head, epoch: this.#epoch };
    const page = await this.#retry(() => this.#snapshot({ after }));
    return page !== undefined && await this.#sendPages(page, after.gsid);
  }

  async #readGain(gain: Gain): Promise<boolean> {
    const { group, joined } = gain;
    const { gains } = this.#cutover;
    // What the last snapshot of all topics covered has been sent.
    const after = { gsid: Math.max(joined, this.#head), epoch: this.#epoch };
    const page = await this.#read({ group, after });
    if (!page) return false;
    const { head, groups } = page.header;
    const isMember = memberIn(groups ?? []);
    this.#deps.hub.audience.settleGained(this, group, joined, head, isMember(groupTopic(group)));
    this.#cutover.settle({ head, gains, isMember, gain });
    return await this.#sendPages(page, after.gsid, gain);
  }

  #read(read: { after: Position; upto?: Gsid; group?: GroupId }) {
    return this.#retry(() => this.#deps.origin.catchUp({ user: this.user, ...read }));
  }

  /**
   * `undefined`: the connection has ended; or is ended, since nobody answers, or the answer is that a
   * restore, or too much, lies between: what is left out then, no cursor must pass.
   */
  async #retry(read: () => Promise<Page<CaughtUp>>): Promise<Page<CaughtUp> | undefined> {
    const page = await retry(read, {
      isOver: () => this.#over,
      pause: () => this.#deps.pause(),
      giveUp: () => this.#owner.end(CLOSES.insufficientState),
    });
    if (!page || page.header.recovered) return page;
    this.#owner.end(CLOSES.insufficientState);
  }

  #deliver(publication: Publication): void {
    const { gsid, offset } = publication;
    this.#sendEvent(gsid, publication.frame(this.#outlet.codec), offset ?? 0);
  }

  #sendEvent(gsid: Gsid, frame: Frame, offset: Gsid): void {
    this.#outlet.sendEvent(gsid, frame, offset, this.bufferedBytes);
  }
}
