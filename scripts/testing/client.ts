/**
 * A user's device for tests and terminal tools: the official SDK, with its inbox written down.
 *
 * Invariant: it adds nothing to the protocol and hides nothing of it: `received` holds every
 * publication, repeats included, in order of arrival. Knows only the wire, never the programs.
 *
 * @module
 */

import type { Centrifuge } from "centrifuge";
import { type Format, type Sdk, SDKS } from "./sdk.ts";
import { signToken } from "./token.ts";

/** An event as it came on `inbox`. */
export interface ReceivedEvent {
  type: string;
  gsid?: number;
  conversation?: string;
  // deno-lint-ignore no-explicit-any -- what an event holds depends on its type
  [field: string]: any;
}

export interface Publication {
  event: ReceivedEvent;
  offset: number | undefined;
}

export interface Subscribed {
  /** Its socket. */
  edge: string;
  recovered: boolean;
  wasRecovering: boolean;
  position: { offset: number; epoch: string };
}

export interface DeviceOptions {
  /** Sockets of the edges. The SDK's next attempt goes to the next one, as behind a balancer. */
  edges: string[];
  tokenSecret: string;
  /** Tried first, instead of one that is signed for it. */
  token?: string;
  /** Left out, the connection is its own device. */
  device?: string;
  since?: { gsid: number; epoch: string };
  tokenTtlS?: number;
  /** Default JSON. */
  format?: Format;
  foreground?: boolean;
  observer?: DeviceObserver;
  /** Whether `received` is kept. Default true; a load of hours leaves that to its observer. */
  keep?: boolean;
  /** Bounds of the SDK's wait before it connects again. Default: those of an impatient test. */
  reconnectMs?: { min: number; max: number };
}

/** Told of each thing as it comes. */
export interface DeviceObserver {
  publication?(publication: Publication): void;
  subscribed?(subscribed: Subscribed): void;
  /** A connection ended, or could not be made. */
  closed?(close: Close): void;
}

export interface Close {
  code: number;
  reason: string;
}

const DEADLINE_MS = 10_000;
const IMPATIENT_MS = { min: 20, max: 200 };

export class Device implements AsyncDisposable {
  readonly user: string;
  readonly centrifuge: Centrifuge;
  readonly received: Publication[] = [];
  readonly subscriptions: Subscribed[] = [];
  /** Close codes, as the SDK reports them when it connects again or gives up. */
  readonly closes: Close[] = [];
  /** How often the SDK has asked for a token. */
  tokensSigned = 0;
  readonly #sdk: Sdk;
  readonly #observer: DeviceObserver;
  readonly #keep: boolean;
  /** As the SDK keeps it. */
  #offset = 0;
  /** The one that it connects to, or has connected to last. */
  #edge = "";
  #waiting = new Set<() => void>();
  #sockets = new Set<Promise<void>>();

  constructor(user: string, options: DeviceOptions) {
    this.user = user;
    this.#sdk = SDKS[options.format ?? "json"];
    this.#observer = options.observer ?? {};
    this.#keep = options.keep ?? true;
    const { edges, device, since, foreground, reconnectMs = IMPATIENT_MS } = options;
    const sign = () => {
      this.tokensSigned++;
      this.#wake();
      return signToken(user, options.tokenSecret, options.tokenTtlS ?? 3600);
    };
    this.centrifuge = new this.#sdk.Client(edges[0]!, {
      getToken: sign,
      ...(options.token !== undefined && { token: options.token }),
      data: this.#sdk.encode({
        ...(device !== undefined && { device }),
        ...(since && { since }),
        ...(foreground !== undefined && { foreground }),
      }),
      websocket: this.#socketClass(edges),
      minReconnectDelay: reconnectMs.min,
      maxReconnectDelay: reconnectMs.max,
    });
    this.#listen();
  }

  /** Distinct events with a place in the order, in that order: what an app would show. */
  get events(): ReceivedEvent[] {
    const byGsid = new Map<number, ReceivedEvent>();
    for (const { event } of this.received) {
      if (event.gsid !== undefined && !byGsid.has(event.gsid)) byGsid.set(event.gsid, event);
    }
    return [...byGsid.values()].sort((a, b) => a.gsid! - b.gsid!);
  }

  /** The cursor from which a resume would start now. */
  get position(): { gsid: number; epoch: string } {
    const last = this.subscriptions.at(-1);
    if (!last) throw new Error(`Cannot tell the position of ${this.user}: it never connected`);
    return { gsid: this.#offset, epoch: last.position.epoch };
  }

  /** Resolves when the edge has answered the connect. */
  async connect(deadlineMs = DEADLINE_MS): Promise<this> {
    const before = this.subscriptions.length;
    this.centrifuge.connect();
    await this.until(
      () => this.subscriptions.length > before || undefined,
      `${this.user} to be connected`,
      deadlineMs,
    );
    return this;
  }

  /** Goes offline; a later `connect` resumes by the SDK's own recovery. */
  async disconnect(): Promise<void> {
    this.centrifuge.disconnect();
    await Promise.all(this.#sockets);
  }

  // deno-lint-ignore no-explicit-any -- each method has its own result
  async rpc<Result = any>(method: string, data: unknown): Promise<Result> {
    const result = await this.centrifuge.rpc(method, this.#sdk.encode(data));
    return this.#sdk.decode(result.data) as Result;
  }

  /** Says something that has no answer: an ack, or that the app went to the background. */
  say(data: unknown): void {
    // It fails when the connection is gone, which the SDK tells in other ways.
    this.centrifuge.send(this.#sdk.encode(data)).catch(() => {});
  }

  send(to: string | { group: string }, id: string, body: unknown = { text: id }) {
    const target = typeof to === "string" ? { user: to } : to;
    return this.rpc<SendResult>("send", { to: target, id, body });
  }

  /** Says something that has no answer. */
  async tell(data: unknown): Promise<void> {
    await this.centrifuge.send(this.#sdk.encode(data));
  }

  /** The first event that fits, come already or yet to come. */
  async waitFor(
    fits: (event: ReceivedEvent) => boolean,
    what = "an event",
    deadlineMs = DEADLINE_MS,
  ): Promise<ReceivedEvent> {
    const find = () => this.received.find(({ event }) => fits(event))?.event;
    return await this.until(find, `${this.user} to receive ${what}`, deadlineMs);
  }

  waitForGsid(gsid: number, deadlineMs = DEADLINE_MS): Promise<ReceivedEvent> {
    return this.waitFor((event) => event.gsid === gsid, `the event ${gsid}`, deadlineMs);
  }

  /** Asks again whenever something has happened on the connection. */
  async until<T>(ask: () => T | undefined, what: string, deadlineMs = DEADLINE_MS): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const types = this.received.map(({ event }) => `${event.type} ${event.gsid ?? ""}`);
      const seen = `received ${types.length}: ${types.slice(-20).join(", ")}`;
      const closes = this.closes.map(({ code, reason }) => `${code} ${reason}`).join(", ");
      late.reject(
        new Error(`Cannot wait for ${what}: not in ${deadlineMs} ms (${seen}; closes: ${closes})`),
      );
    }, deadlineMs);
    try {
      for (;;) {
        const answer = ask();
        if (answer !== undefined) return answer;
        const happened = Promise.withResolvers<void>();
        this.#waiting.add(happened.resolve);
        await Promise.race([happened.promise, late.promise]);
        this.#waiting.delete(happened.resolve);
      }
    } finally {
      clearTimeout(timer);
      late.promise.catch(() => {});
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  #listen(): void {
    this.centrifuge.on("publication", ({ data, offset }) => {
      const publication = { event: this.#sdk.decode(data), offset };
      if (offset) this.#offset = offset;
      if (this.#keep) this.received.push(publication);
      this.#observer.publication?.(publication);
      this.#wake();
    });
    this.centrifuge.on("subscribed", ({ recovered, wasRecovering, streamPosition }) => {
      const position = streamPosition ?? { offset: 0, epoch: "" };
      this.#offset = position.offset;
      const subscribed = { edge: this.#edge, recovered, wasRecovering, position };
      this.subscriptions.push(subscribed);
      this.#observer.subscribed?.(subscribed);
      this.#wake();
    });
    for (const kind of ["connecting", "disconnected"] as const) {
      this.centrifuge.on(kind, ({ code, reason }) => {
        this.closes.push({ code, reason });
        this.#observer.closed?.({ code, reason });
        this.#wake();
      });
    }
    this.centrifuge.on("error", () => this.#wake());
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
  }

  /**
   * The SDK does not wait for its socket to be closed; a test that leaves nothing open must. And it
   * counts on what browsers do, a task of its own for each event: Deno tells of a close in the same
   * task as of the message before it, which the SDK has then not taken in. It would be lost, or, in
   * the middle of a connect's reply, end the SDK for good.
   */
  #socketClass(edges: string[]) {
    let attempt = 0;
    const sockets = this.#sockets;
    const next = () => this.#edge = edges[attempt++ % edges.length]!;
    return class extends WebSocket {
      constructor(_url: string, protocols?: string) {
        super(next(), protocols ?? []);
        const closed = Promise.withResolvers<void>();
        sockets.add(closed.promise);
        this.addEventListener("close", () => {
          sockets.delete(closed.promise);
          closed.resolve();
        });
      }

      override dispatchEvent(event: Event): boolean {
        if (event.type !== "close") return super.dispatchEvent(event);
        setTimeout(() => super.dispatchEvent(event));
        return true;
      }
    };
  }
}

export interface SendResult {
  gsid: number;
  at: string;
  conversation: string;
  prev: number;
  duplicate?: true;
}

/** A connected device. */
export function connectDevice(user: string, options: DeviceOptions): Promise<Device> {
  return new Device(user, options).connect();
}
