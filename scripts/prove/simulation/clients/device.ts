/**
 * A device of a user: connects, comes back, acks, sleeps, moves.
 *
 * Invariant: one that wants to be connected tries again until it is. What outlives its connections
 * is in its app and its outbox.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import type { DeviceId, UserId } from "shared/ids.ts";
import { CLOSES } from "shared/wire/codes.ts";
import { jsonCodec } from "shared/wire/json.ts";
import type { RevocationChecks } from "../checks/revocations.ts";
import type { Judge } from "../checks/judge.ts";
import type { Truth } from "../checks/truth.ts";
import { Pipe } from "../model/pipe.ts";
import type { Models } from "../models.ts";
import type { EdgeProcess } from "../real/edge.ts";
import { App } from "./app.ts";
import { Credentials, type KeptToken } from "./credentials.ts";
import { Outbox } from "./outbox.ts";
import { type RpcAnswer, Session } from "./session.ts";

export interface DeviceDeps {
  models: Models;
  truth: Truth;
  judge: Judge;
  revocations: RevocationChecks;
  /** Those that could be reached; some may refuse. */
  edges(): readonly EdgeProcess[];
  limitBytes: number;
}

export interface DeviceTraits {
  user: UserId;
  name: string;
  /** It tells the edge which device it is. */
  named: boolean;
  /** Its app says what it has processed. */
  acks: boolean;
}

const RETRY_MS = { least: 100, most: 1_500 };
const ACK_AFTER_MS = { least: 20, most: 900 };
/** Codes from here to 3999 tell a client not to come back by itself. */
const FINAL = 3_500;

export class Device {
  readonly traits: DeviceTraits;
  readonly app: App;
  readonly outbox: Outbox;
  foreground = true;
  asleep = false;
  readonly #deps: DeviceDeps;
  readonly #credentials: Credentials;
  /** All that the edges may still have open, the newest last. */
  readonly #sessions = new Set<Session>();
  /** Those that have not been answered, nor refused, also when it has given them up. */
  readonly #connecting = new Set<Session>();
  /** Got while the app was not shown, and not since. */
  readonly #unseen = new Set<Gsid>();
  #current: Session | undefined;
  #wanted = false;
  #trying = false;
  #ackDue = false;
  #lookingSinceMs = 0;

  constructor(traits: DeviceTraits, deps: DeviceDeps) {
    this.traits = traits;
    this.#deps = deps;
    const { user, name, named } = traits;
    this.#credentials = new Credentials(user, named ? name as DeviceId : "");
    this.outbox = new Outbox({
      ...traits,
      ...deps,
      session: () => this.asleep ? undefined : this.session,
      onTold: (gsid) => this.app.get(gsid, deps.truth.epoch),
    });
    this.app = new App({
      ...traits,
      ...deps,
      onNew: (gsid) => this.foreground || this.#unseen.add(gsid),
      isUnanswered: (id) => this.outbox.isUnanswered(id),
    });
  }

  get session(): Session | undefined {
    return this.#current?.connected ? this.#current : undefined;
  }

  /** Since when it has been connected and looked at, without a break; `undefined`: it is not. */
  get lookingSinceMs(): number | undefined {
    return this.session && this.foreground && !this.asleep ? this.#lookingSinceMs : undefined;
  }

  get sessions(): Iterable<Session> {
    return this.#sessions;
  }

  get wanted(): boolean {
    return this.#wanted;
  }

  /** Whether its user has been shown the event. */
  hasShown(gsid: Gsid): boolean {
    return this.app.hasGot(gsid) && !this.#unseen.has(gsid);
  }

  connect(): void {
    this.#wanted = true;
    this.#try();
  }

  /** The app is closed in good order. */
  disconnect(): void {
    this.#wanted = false;
    for (const session of this.#sessions) {
      session.drop();
      session.pipe.hangUp();
    }
    this.#sessions.clear();
    this.#current = undefined;
    this.asleep = false;
  }

  /** The network is gone without a word; the device finds out, and comes back. */
  vanish(): void {
    for (const session of this.#sessions) {
      session.drop();
      session.pipe.vanish();
    }
    this.#sessions.clear();
    this.#current = undefined;
    this.asleep = false;
    this.#tryLater();
  }

  /** Connects anew while the old connection stands, and still brings something. */
  move(): void {
    if (!this.#current || this.asleep) return;
    this.#current = undefined;
    this.#try();
  }

  /** Whatever is open besides the connection that it uses is closed. */
  closeOld(): void {
    for (const session of this.#sessions) {
      if (session === this.#current) continue;
      session.drop();
      session.pipe.hangUp();
      this.#sessions.delete(session);
    }
  }

  sleep(): void {
    this.asleep = true;
    for (const session of this.#sessions) session.pipe.pause();
  }

  wake(): void {
    this.asleep = false;
    for (const session of [...this.#sessions]) session.pipe.resume();
    if (this.#current) this.outbox.flush();
    else this.#tryLater();
  }

  /** Writes to its disk what it has got and what it has not been answered. */
  save(): void {
    this.app.save();
    this.outbox.save();
  }

  /** The app ends without a word, and what it did not write to its disk is lost. */
  setBack(): void {
    this.vanish();
    this.app.setBack();
    this.outbox.setBack();
  }

  /** The app is installed again: it has no cursor, and begins at the head. */
  startAnew(): void {
    this.vanish();
    this.#credentials.renew();
    this.app.startAnew();
    this.outbox.setBack();
  }

  show(foreground: boolean): void {
    if (this.asleep) return;
    this.foreground = foreground;
    if (foreground) this.#unseen.clear();
    this.#lookingSinceMs = this.#deps.models.timeline.nowMs;
    for (const session of this.#sessions) session.show(foreground);
  }

  ack(): void {
    if (!this.asleep) this.session?.ack();
  }

  call(method: string, data: unknown, onAnswer: (answer: RpcAnswer) => void = () => {}): void {
    if (!this.asleep) this.session?.call(method, data, onAnswer);
  }

  /** Its connection is to go on by this token; one refresh at a time, as the SDK does. */
  refresh(which: KeptToken): void {
    if (this.asleep || this.session?.refreshing) return;
    this.session?.refresh(this.#credentials.pick(which, this.#deps.models.timeline.nowMs), which);
  }

  #try(): void {
    if (this.#current || this.#trying || !this.#wanted || this.asleep) return;
    const { models, edges, limitBytes } = this.#deps;
    const { timeline, random, chronicle } = models;
    const alive = edges().filter(({ process }) => process.alive);
    if (alive.length === 0) return this.#tryLater();
    const edge = random.pick(alive);
    const contested = this.#isContested();
    const { name } = this.traits;
    const { token, issued } = this.#credentials.show(timeline.nowMs);
    const session: Session = new Session({
      ...this.#deps,
      ...{ name, edge, chronicle, app: this.app, token: issued, since: this.app.cursor },
      onConnected: () => this.#onConnected(session),
      onRefused: () => this.#onClosed(session, 3_000),
      onEvent: (gsid) => this.#onEvent(session, gsid),
      onClosed: (code) => this.#onClosed(session, code, contested),
    });
    const { process } = edge;
    const ends = { process, codec: jsonCodec, limitBytes, client: session };
    session.open(new Pipe({ timeline, random, ...ends }));
    if (!edge.accept(session.pipe)) return this.#tryLater();
    this.#current = session;
    this.#sessions.add(session);
    this.#connecting.add(session);
    session.connect(token, issued.device ? { device: issued.device } : {}, this.foreground);
  }

  #tryLater(): void {
    if (this.#trying) return;
    this.#trying = true;
    const { timeline, random } = this.#deps.models;
    timeline.after(random.between(RETRY_MS.least, RETRY_MS.most), () => {
      this.#trying = false;
      this.#try();
    });
  }

  /**
   * Whether an older connection is still being made, as far as its edge knows: it may reach the
   * database behind the one that is begun now, whose clock then says that the older is the newer.
   */
  #isContested(): boolean {
    for (const session of this.#connecting) {
      if (!session.pipe.open) this.#connecting.delete(session);
    }
    return this.#connecting.size > 0;
  }

  #onConnected(session: Session): void {
    this.#connecting.delete(session);
    session.show(this.foreground);
    this.#lookingSinceMs = this.#deps.models.timeline.nowMs;
    if (session === this.#current) this.outbox.flush();
  }

  #onEvent(session: Session, gsid: Gsid): void {
    const { chronicle, timeline, random } = this.#deps.models;
    const { name, acks } = this.traits;
    chronicle.note("event got", gsid, () => `${gsid} by ${name}`);
    if (!acks || this.#ackDue) return;
    this.#ackDue = true;
    timeline.after(random.between(ACK_AFTER_MS.least, ACK_AFTER_MS.most), () => {
      this.#ackDue = false;
      if (!this.asleep) session.ack();
    });
  }

  #onClosed(session: Session, code: number, contested = false): void {
    const { judge, revocations, models: { chronicle } } = this.#deps;
    const { name } = this.traits;
    const isRevoked = revocations.closed(session, code);
    chronicle.note("connection ended", code, () => `${code} of ${name}`);
    this.#sessions.delete(session);
    this.#connecting.delete(session);
    session.drop();
    session.pipe.hangUp();
    if (session !== this.#current) return;
    this.#current = undefined;
    const taken = code === CLOSES.forceDisconnect.code;
    if (taken && !contested && !isRevoked) {
      judge.fail(`${name} was told to go, though this is its newest connection`);
    }
    const refused = code === CLOSES.invalidToken.code;
    if (refused) this.#credentials.renew();
    // An app that knows of no other connection of its device connects again.
    if (code >= FINAL && code < 4_000 && !taken && !refused) this.#wanted = false;
    this.#tryLater();
  }
}
