/**
 * One of a crowd: it connects, resumes from its cursor, answers pings and hears alerts, as the
 * official SDK does but at a fraction of its price.
 *
 * Invariant: it comes back by the SDK's rules and no others: after a loss, after a refusal that is
 * temporary, and never after what is final.
 *
 * @module
 */

import { type LoadSocket, openSocket, Refused } from "../../bench/websocket.ts";
import { backOffMs } from "./back_off.ts";
import type { CrowdTotals } from "./orders.ts";

export interface MemberOptions {
  token: string;
  device: string;
  /** Tried in turn, as behind a balancer. */
  edges: string[];
  totals: CrowdTotals;
  onConnected(connected: boolean): void;
  onRepeat(): void;
}

/** The SDK's. */
const ANSWER_MS = 5_000;
const FINAL_FROM = 3_500, FINAL_TO = 4_000;

interface ConnectReply {
  error?: { code: number; temporary?: boolean };
  connect?: { subs: { inbox: { epoch: string; offset: number; recovered?: boolean } } };
}

export class Member {
  readonly #options: MemberOptions;
  readonly #heard = new Set<number>();
  #attempts = 0;
  #failures = 0;
  #position: { offset: number; epoch: string } | undefined;
  #connected = false;
  #ended = false;
  #socket: LoadSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: MemberOptions) {
    this.#options = options;
  }

  /** How many of the first `count` alerts have not come. */
  missing(count: number): number {
    let missing = 0;
    for (let n = 0; n < count; n++) if (!this.#heard.has(n)) missing++;
    return missing;
  }

  async connect(): Promise<void> {
    const { edges, totals } = this.#options;
    const edge = edges[this.#attempts++ % edges.length]!;
    try {
      const socket = await openSocket(
        edge,
        (text) => this.#hear(text),
        (code) => this.#lost(code),
      );
      if (this.#ended) return void socket.close();
      this.#socket = socket;
      this.#timer = setTimeout(() => this.#giveUp("timedOut"), ANSWER_MS);
      socket.send(this.#connectCommand());
    } catch (error) {
      totals[error instanceof Refused ? "upgradesRefused" : "unreachable"]++;
      this.#tryAgain();
    }
  }

  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    await this.#socket?.close();
  }

  #connectCommand(): string {
    const { token, device } = this.#options;
    const inbox = this.#position && { recover: true, ...this.#position };
    const connect = { token, data: { device }, ...(inbox && { subs: { inbox } }) };
    return JSON.stringify({ id: 1, connect });
  }

  #hear(text: string): void {
    for (const line of text.split("\n")) {
      if (line === "{}") this.#socket?.send("{}");
      else if (line.startsWith(`{"push"`)) this.#hearPush(line);
      else this.#hearReply(JSON.parse(line));
    }
  }

  #hearPush(line: string): void {
    const offset = numberAfter(line, `"offset":`);
    if (offset !== undefined && this.#position) this.#position.offset = offset;
    const alert = numberAfter(line, `"herd":`);
    if (alert === undefined) return;
    if (this.#heard.has(alert)) this.#options.onRepeat();
    this.#heard.add(alert);
  }

  #hearReply({ error, connect }: ConnectReply): void {
    const { totals } = this.#options;
    if (error?.temporary) return this.#giveUp("connectsRefused");
    if (!connect) return this.#stop();
    clearTimeout(this.#timer);
    totals.connects++;
    const { offset, epoch, recovered } = connect.subs.inbox;
    if (recovered === false) totals.notRecovered++;
    this.#position = { offset, epoch };
    this.#failures = 0;
    this.#become(true);
  }

  /** As the SDK does: it closes this connection and makes another, later. */
  #giveUp(why: "timedOut" | "connectsRefused"): void {
    clearTimeout(this.#timer);
    this.#options.totals[why]++;
    const socket = this.#socket;
    this.#socket = undefined;
    void socket?.close();
    this.#tryAgain();
  }

  #lost(code: number): void {
    if (this.#ended || !this.#socket) return;
    this.#socket = undefined;
    clearTimeout(this.#timer);
    if (!this.#connected) this.#options.totals.connectsRefused++;
    this.#become(false);
    if (code >= FINAL_FROM && code < FINAL_TO) this.#stop();
    else this.#tryAgain();
  }

  #tryAgain(): void {
    if (this.#ended) return;
    const waitMs = backOffMs(this.#failures++, Math.random());
    this.#timer = setTimeout(() => void this.connect(), waitMs);
  }

  #stop(): void {
    this.#options.totals.final++;
    this.#ended = true;
  }

  #become(connected: boolean): void {
    if (this.#connected === connected) return;
    this.#connected = connected;
    this.#options.onConnected(connected);
  }
}

function numberAfter(text: string, marker: string): number | undefined {
  const at = text.indexOf(marker);
  if (at < 0) return;
  const number = Number.parseInt(text.slice(at + marker.length, at + marker.length + 16));
  return Number.isNaN(number) ? undefined : number;
}
