/**
 * One connection: performs what its session decides, on its socket and its feed.
 *
 * Invariant: when the session closes, the connection leaves the hub and presence at once, and
 * whatever is answered later is dropped. Knows nothing of the bus's subjects or of encodings.
 *
 * @module
 */

import type { JsonValue } from "shared/event.ts";
import type { Gsid } from "shared/gsid.ts";
import type { ConnectionId, DeviceId, UserId } from "shared/ids.ts";
import type { Close } from "shared/wire/codes.ts";
import { CLOSES, wireError } from "shared/wire/codes.ts";
import { BadFrame, type Reply } from "shared/wire/codec.ts";
import type { PresentDevice } from "shared/presence.ts";
import type { Socket, SocketHandler } from "../socket/socket.ts";
import type { Origin } from "../upstream/origin.ts";
import type { SendBatcher } from "../upstream/send_batch.ts";
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
  origin: Pick<Origin, "enter" | "catchUp" | "call">;
  sends: Pick<SendBatcher, "add">;
  verify(token: string): Promise<Verdict>;
  /** Whether the user may make one more request now. */
  admit(user: UserId): boolean;
  presence: {
    set(user: UserId, device: PresentDevice): Promise<void>;
    remove(user: UserId, connection: ConnectionId): Promise<void>;
  };
  /** A device in the foreground has received everything up to `gsid`. */
  received(user: UserId, gsid: Gsid): void;
  /** The connection of a user ended, and presence no longer shows it. */
  ended(user: UserId): void;
  now(): number;
  settings: Omit<SessionSettings, "client">;
  events: ConnectionEvents;
}

export interface ConnectionEvents {
  connected(result: "live" | "recovered" | "not recovered"): void;
  refused(code: number): void;
  answered(method: string, code: number | undefined, durationMs: number): void;
  closed(code: number): void;
}

export class Connection implements SocketHandler {
  readonly id: ConnectionId;
  readonly #socket: Socket;
  readonly #deps: ConnectionDeps;
  readonly #settings: SessionSettings;
  #state: SessionState;
  #feed: Feed | undefined;
  #device: PresentDevice | undefined;
  #present = false;
  #firstPage: Parameters<Feed["start"]>[0] | undefined;

  constructor(id: ConnectionId, socket: Socket, deps: ConnectionDeps) {
    this.id = id;
    this.#socket = socket;
    this.#deps = deps;
    this.#settings = { ...deps.settings, client: id };
    this.#state = openSession(deps.now(), this.#settings);
  }

  get user(): UserId | undefined {
    return this.#state.user;
  }

  /** Commands that wait for an origin's answer. */
  get pending(): number {
    return this.#state.pending;
  }

  onFrame(data: string | Uint8Array): void {
    try {
      for (const command of this.#socket.codec.decode(data)) {
        this.#input({ type: "command", command });
      }
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      this.end(CLOSES.badRequest);
    }
  }

  onClose(info: { code: number }): void {
    this.#input({ type: "end", close: { code: info.code, reason: "" } });
    this.#deps.events.closed(info.code);
  }

  /** To be called every second. */
  tick(nowMs: number): void {
    const unconfirmed = this.#device?.foreground === true && this.#feed?.receipts.open === true;
    this.#input({ type: "tick", nowMs, unconfirmed });
  }

  end(close: Close): void {
    this.#input({ type: "end", close });
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
        return this.#call(effect.id, effect.method, effect.data);
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
    this.#input({ type: "verified", purpose, verdict, nowMs: this.#deps.now() });
  }

  async #attach(user: UserId, request: ConnectRequest): Promise<void> {
    const device = request.device ?? this.id as string as DeviceId;
    this.#device = { device, connection: this.id, foreground: request.foreground };
    const feed = this.#feed = new Feed(this.#socket, {
      id: this.id,
      user,
      device,
      named: request.device !== undefined,
      announce: () => this.#announce(user),
      end: (close) => this.end(close),
    }, this.#deps);
    try {
      const page = await feed.attach(request.since);
      if (this.#feed !== feed) return;
      this.#firstPage = page;
      const { epoch, head, recovered } = page.header;
      this.#deps.events.connected(
        !request.since ? "live" : recovered ? "recovered" : "not recovered",
      );
      this.#attached({ ok: true, epoch, head, recovered });
    } catch {
      if (this.#feed !== feed) return;
      this.#detach();
      this.#attached({ ok: false, error: wireError("internal") });
    }
  }

  #attached(attached: (Input & { type: "attached" })["attached"]): void {
    this.#input({ type: "attached", attached, nowMs: this.#deps.now() });
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
    if (!this.#socket.send(frame)) this.end(CLOSES.slow);
  }

  #call(id: number, method: string, data: JsonValue): void {
    const user = this.#state.user!;
    const startedMs = this.#deps.now();
    const answered = (reply: Reply) => {
      const code = "error" in reply ? reply.error.code : undefined;
      this.#deps.events.answered(method, code, this.#deps.now() - startedMs);
      this.#input({ type: "answered", id, reply });
    };
    if (!this.#deps.admit(user)) return answered({ error: wireError("tooManyRequests") });
    if (method === "send") {
      return this.#deps.sends.add({ user, connection: this.id, data }, (answer) => {
        if ("error" in answer) return answered(answer);
        if (!answer.result.duplicate) this.#feed?.replied(answer.result);
        answered({ rpc: answer.result as unknown as JsonValue });
      });
    }
    const { device } = this.#device!;
    this.#deps.origin.call({ user, device, method, data }).then(
      (answer) => answered("error" in answer ? answer : { rpc: answer.result }),
      () => answered({ error: wireError("internal") }),
    );
  }

  #report(): void {
    const { user } = this.#state;
    const position = this.#feed?.receipts.position ?? 0;
    if (user && position > 0 && this.#device?.foreground) this.#deps.received(user, position);
  }

  #close(close: Close): void {
    this.#detach();
    this.#socket.close(close);
  }

  #detach(): void {
    this.#feed?.stop();
    this.#feed = undefined;
    const { user } = this.#state;
    if (!this.#present || !user) return;
    this.#present = false;
    this.#deps.presence.remove(user, this.id).finally(() => this.#deps.ended(user));
  }
}
