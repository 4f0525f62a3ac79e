/**
 * One connection: performs what its session decides, on its socket and its feed.
 *
 * Invariant: when the session closes, the connection leaves the hub and presence at once, and
 * whatever is answered later is dropped. Knows nothing of the bus's subjects or of encodings.
 *
 * @module
 */

import type { JsonValue } from "shared/event.ts";
import type { ConnectionId, DeviceId, UserId } from "shared/ids.ts";
import { badRequest, type Close, CLOSES, wireError } from "shared/wire/codes.ts";
import { BadFrame, type Command, type Reply } from "shared/wire/codec.ts";
import type { PresentDevice } from "shared/presence.ts";
import type { Stretch } from "shared/received.ts";
import { type Admission, Refused } from "shared/admission.ts";
import type { Ruling } from "../limits/command_meter.ts";
import type { Socket, SocketHandler } from "../socket/socket.ts";
import type { Calls, CallsEvents } from "../upstream/calls.ts";
import { PacedReads } from "../upstream/paced_reads.ts";
import { Feed, type FeedDeps } from "./feed.ts";
import { openSession, step } from "./step.ts";
import type {
  ConnectRequest,
  Effect,
  Input,
  Purpose,
  SessionSettings,
  SessionState,
  Verdict,
} from "./state.ts";

export interface ConnectionDeps extends FeedDeps {
  calls: Pick<Calls, "send" | "make">;
  /** Connects and catch-ups of all connections take turns here. */
  catchUps: Admission<UserId>;
  limits: ConnectionLimits;
  verify(token: string): Promise<Verdict>;
  presence: {
    set(user: UserId, device: PresentDevice): Promise<void>;
    remove(user: UserId, connection: ConnectionId): Promise<void>;
  };
  /** A device in the foreground has received all of this. */
  received(user: UserId, stretch: Stretch): void;
  /** The connection of a user ended, and presence no longer shows it. */
  ended(user: UserId): void;
  /** Monotonic. */
  nowMs(): number;
  /** In ms since 1970. */
  wallMs(): number;
  settings: Omit<SessionSettings, "client">;
  events: ConnectionEvents;
}

export interface ConnectionLimits {
  /** For one connection: what becomes of each of its commands. */
  meter(): (command: Command) => Ruling;
  /** Whether the user may have one more connection, which is then counted. */
  connect(user: UserId): boolean;
  disconnect(user: UserId): void;
}

export interface ConnectionEvents extends CallsEvents {
  connected(result: "live" | "recovered" | "not recovered"): void;
  refused(code: number): void;
  answered(method: string, code: number | undefined, durationMs: number): void;
  closed(code: number, lastedMs: number): void;
}

export class Connection implements SocketHandler {
  readonly id: ConnectionId;
  readonly #socket: Socket;
  readonly #deps: ConnectionDeps;
  readonly #settings: SessionSettings;
  readonly #openedMs: number;
  #state: SessionState;
  readonly #judge: (command: Command) => Ruling;
  #reads: PacedReads | undefined;
  #feed: Feed | undefined;
  #device: PresentDevice | undefined;
  #counted = false;
  #present = false;
  #firstPage: Parameters<Feed["start"]>[0] | undefined;

  constructor(id: ConnectionId, socket: Socket, deps: ConnectionDeps) {
    this.id = id;
    this.#socket = socket;
    this.#deps = deps;
    this.#settings = { ...deps.settings, client: id };
    this.#openedMs = deps.nowMs();
    this.#state = openSession(this.#openedMs, this.#settings);
    this.#judge = deps.limits.meter();
  }

  get user(): UserId | undefined {
    return this.#state.user;
  }

  /** Nothing more is said or heard, though its socket may still be closing. */
  get isClosed(): boolean {
    return this.#state.phase.name === "closed";
  }

  onFrame(data: string | Uint8Array): void {
    try {
      const commands = this.#socket.codec.decode(data);
      const bytes = Math.ceil(data.length / commands.length);
      for (const command of commands) this.#take(command, bytes);
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      this.end(badRequest(error.message));
    }
  }

  onClose(info: { code: number }): void {
    this.#input({ type: "end", close: { code: info.code, reason: "" } });
    const { events, nowMs } = this.#deps;
    events.closed(info.code, nowMs() - this.#openedMs);
  }

  /** To be called every second. */
  tick(nowMs: number): void {
    const unconfirmed = this.#device?.foreground === true && this.#feed?.receipts.open === true;
    if (this.#feed?.receipts.hasNews) this.#report();
    this.#input({ type: "tick", nowMs, wallMs: this.#deps.wallMs(), unconfirmed });
  }

  end(close: Close): void {
    this.#input({ type: "end", close });
  }

  /** Ends as soon as nothing waits for an answer; nothing new is begun. */
  leave(close: Close): void {
    this.#input({ type: "leave", close });
  }

  #take(command: Command, bytes: number): void {
    switch (this.#judge(command)) {
      case "take":
        return this.#input({ type: "command", command, bytes, nowMs: this.#deps.nowMs() });
      case "refuse":
        this.#deps.events.limited("connection");
        return this.#input({ type: "refused", command });
      case "end":
        return this.end(CLOSES.tooManyRequests);
    }
  }

  #input(input: Input): void {
    const { state, effects } = step(this.#state, input, this.#settings);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    switch (effect.do) {
      case "verify":
        return void this.#verify(effect.purpose, effect.token);
      case "attach":
        return void this.#attach(effect.user, effect.request);
      case "reply":
        return this.#reply(effect.id, effect.reply);
      case "start live":
        return void this.#feed?.start(this.#firstPage!);
      case "call":
        return this.#call(effect);
      case "ack":
        this.#feed?.receipts.acked(effect.gsid);
        return this.#report();
      case "foreground":
        return this.#setForeground(effect.foreground);
      case "ping":
        this.#feed?.sendCursor();
        this.#send(this.#socket.codec.ping);
        return this.#feed?.receipts.pinged(this.#socket.framesQueued);
      case "pong":
        this.#feed?.receipts.ponged();
        return this.#report();
      case "close":
        return this.#close(effect.close);
    }
  }

  async #verify(purpose: Purpose, token: string): Promise<void> {
    const verdict = await this.#deps.verify(token);
    this.#input({ type: "verified", purpose, verdict, wallMs: this.#deps.wallMs() });
  }

  async #attach(user: UserId, request: ConnectRequest): Promise<void> {
    if (!this.#deps.limits.connect(user)) return this.end(CLOSES.connectionLimit);
    this.#counted = true;
    const reads = this.#reads = new PacedReads(user, this.#deps.origin, this.#deps.catchUps);
    try {
      await reads.begin();
      const page = await this.#enter(user, request, reads);
      if (this.#reads !== reads) return;
      this.#firstPage = page;
      const { epoch, head, recovered } = page.header;
      this.#deps.events.connected(
        !request.since ? "live" : recovered ? "recovered" : "not recovered",
      );
      this.#attached({ ok: true, epoch, head, recovered });
    } catch (error) {
      if (this.#reads !== reads) return;
      this.#detach();
      const name = error instanceof Refused ? "tooManyRequests" : "internal";
      this.#attached({ ok: false, error: wireError(name) });
    }
  }

  #enter(user: UserId, request: ConnectRequest, origin: PacedReads) {
    const device = request.device ?? this.id as string as DeviceId;
    this.#device = { device, connection: this.id, foreground: request.foreground };
    const { hub, flushBus, proven, pause, maxBufferBytes } = this.#deps;
    this.#feed = new Feed(this.#socket, {
      ...{ id: this.id, user, device, issuedMs: this.#state.issuedMs! },
      named: request.device !== undefined,
      announce: () => this.#announce(user),
      revoked: (beforeMs) => this.#input({ type: "revoked", beforeMs }),
      end: (close) => this.end(close),
    }, { hub, origin, flushBus, proven, pause, maxBufferBytes });
    return this.#feed.attach(request.since);
  }

  #attached(attached: (Input & { type: "attached" })["attached"]): void {
    const { nowMs, wallMs } = this.#deps;
    this.#input({ type: "attached", attached, nowMs: nowMs(), wallMs: wallMs() });
  }

  async #announce(user: UserId): Promise<void> {
    if (!this.#device || this.#state.phase.name === "closed") return;
    this.#present = true;
    await this.#deps.presence.set(user, this.#device);
  }

  #setForeground(foreground: boolean): void {
    const { user } = this.#state;
    if (!user || !this.#device || this.#device.foreground === foreground) return;
    this.#device = { ...this.#device, foreground };
    void this.#announce(user);
  }

  #reply(id: number, reply: Reply): void {
    if ("error" in reply) this.#deps.events.refused(reply.error.code);
    this.#send(this.#socket.codec.reply(id, reply));
  }

  #send(frame: ReturnType<Socket["codec"]["reply"]>): void {
    if (!this.#socket.send(frame, this.#feed?.bufferedBytes)) this.end(CLOSES.slow);
  }

  #call({ id, bytes, method, data }: Effect & { do: "call" }): void {
    const { calls, events, nowMs } = this.#deps;
    const startedMs = nowMs();
    const answered = (reply: Reply) => {
      events.answered(method, "error" in reply ? reply.error.code : undefined, nowMs() - startedMs);
      this.#input({ type: "answered", id, bytes, reply });
    };
    const { device } = this.#device!;
    const caller = { user: this.#state.user!, device, connection: this.id };
    if (method !== "send") {
      return calls.make(caller, method, data, (answer) => {
        answered("error" in answer ? answer : { rpc: answer.result });
      });
    }
    calls.send(caller, data, (answer) => {
      if ("error" in answer) return answered(answer);
      if (!answer.result.duplicate) this.#feed?.replied(answer.result);
      answered({ rpc: answer.result as unknown as JsonValue });
    });
  }

  #report(): void {
    const { user } = this.#state;
    if (!user || !this.#feed || !this.#device?.foreground) return;
    const upto = this.#feed.receipts.tell(), after = this.#feed.began;
    if (upto > after) this.#deps.received(user, { after, upto });
  }

  #close(close: Close): void {
    this.#detach();
    this.#socket.close(close);
  }

  #detach(): void {
    this.#report();
    this.#feed?.stop();
    this.#feed = undefined;
    this.#reads?.end();
    this.#reads = undefined;
    const { user } = this.#state;
    if (!user) return;
    if (this.#counted) this.#deps.limits.disconnect(user);
    this.#counted = false;
    if (!this.#present) return;
    this.#present = false;
    this.#deps.presence.remove(user, this.id).finally(() => this.#deps.ended(user));
  }
}
