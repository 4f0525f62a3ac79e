/**
 * One connection of a device, as its SDK and its app handle it.
 *
 * Invariant: frames are taken in their order, and a ping is answered behind everything that came
 * before it. Knows nothing of why the device connects, or what it does when this ends.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import type { ConnectionId } from "shared/ids.ts";
import type { Position } from "shared/wire/codec.ts";
import type { WireError } from "shared/wire/codes.ts";
import type { Attempt, RevocationChecks } from "../checks/revocations.ts";
import type { Judge } from "../checks/judge.ts";
import type { Truth } from "../checks/truth.ts";
import type { Pipe, PipeClient } from "../model/pipe.ts";
import type { Chronicle } from "../model/chronicle.ts";
import type { Issued } from "../model/postgres/revocations.ts";
import type { EdgeProcess } from "../real/edge.ts";
import type { App } from "./app.ts";
import type { KeptToken, ShownToken } from "./credentials.ts";

export type RpcAnswer = { data: Record<string, unknown> } | { error: WireError };

interface SessionDeps {
  /** Of its device. */
  name: string;
  chronicle: Chronicle;
  app: App;
  truth: Truth;
  judge: Judge;
  revocations: RevocationChecks;
  edge: EdgeProcess;
  /** By which it asks to be let in. */
  token: Issued;
  /** Where it asks to resume from. */
  since: Position | undefined;
  onConnected(): void;
  onRefused(error: WireError): void;
  onEvent(gsid: Gsid): void;
  onClosed(code: number): void;
}

/** What an edge sends, in JSON. */
interface Frame {
  id?: number;
  connect?: { client: string; subs: { inbox: { epoch: string; offset: Gsid; recovered?: true } } };
  rpc?: { data: Record<string, unknown> };
  refresh?: Record<string, unknown>;
  error?: WireError;
  push?: { pub: { data: { type: string; gsid?: Gsid }; offset?: Gsid } };
}

const CONNECT_ID = 1;

export class Session implements PipeClient {
  readonly #deps: SessionDeps;
  readonly #attempt: Attempt;
  readonly #calls = new Map<number, (answer: RpcAnswer) => void>();
  #pipe: Pipe | undefined;
  #ids = CONNECT_ID;
  #epoch = "";
  #last: Gsid = 0;
  #connected = false;
  #shown = true;
  /** By which it was let in, or has been refreshed since. */
  #token: Issued;
  /** By which it is being refreshed: its edge has taken it already, or not yet. */
  #next: Issued | undefined;
  #over = false;
  /** The connection's own id, once it is connected. */
  id: ConnectionId | undefined;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
    this.#token = deps.token;
    this.#attempt = deps.revocations.begun(deps.token);
  }

  get name(): string {
    return this.#deps.name;
  }

  get tokens(): readonly Issued[] {
    return this.#next ? [this.#token, this.#next] : [this.#token];
  }

  get refreshing(): boolean {
    return this.#next !== undefined;
  }

  get pipe(): Pipe {
    return this.#pipe!;
  }

  get epoch(): string {
    return this.#epoch;
  }

  get connected(): boolean {
    return this.#connected && !this.#over;
  }

  open(pipe: Pipe): void {
    this.#pipe = pipe;
  }

  connect(token: string, data: Record<string, unknown>, foreground: boolean): void {
    this.#shown = foreground;
    const { since } = this.#deps;
    const recover = since && { recover: true, offset: since.gsid, epoch: since.epoch };
    const shown = foreground ? {} : { foreground };
    this.say({
      id: CONNECT_ID,
      connect: { token, data: { ...data, ...shown }, ...(recover && { subs: { inbox: recover } }) },
    });
  }

  call(method: string, data: unknown, onAnswer: (answer: RpcAnswer) => void): void {
    const id = ++this.#ids;
    this.#calls.set(id, onAnswer);
    this.say({ id, rpc: { method, data } });
  }

  refresh({ token, issued }: ShownToken, which: KeptToken): void {
    const id = ++this.#ids;
    this.#next = issued;
    this.#calls.set(id, (answer) => this.#onRefreshed(issued, which, answer));
    this.say({ id, refresh: { token } });
  }

  /** Tells the edge whether the app is looked at, if it does not know. */
  show(foreground: boolean): void {
    if (!this.connected || this.#shown === foreground) return;
    this.#shown = foreground;
    this.#deps.chronicle.note(foreground ? "shown" : "hidden");
    this.say({ send: { data: { type: "state", foreground } } });
  }

  /** The app has processed everything that came here. */
  ack(): void {
    if (this.connected && this.#last > 0) {
      this.#deps.chronicle.note("acked", this.#last);
      this.say({ send: { data: { type: "ack", gsid: this.#last } } });
    }
  }

  say(message: Record<string, unknown>): void {
    if (!this.#over) this.#pipe!.say(JSON.stringify(message));
  }

  /** The app lets go of it: nothing that still comes is taken. */
  drop(): void {
    this.#over = true;
  }

  onFrame(text: string): void {
    if (this.#over) return;
    const frame = JSON.parse(text) as Frame;
    if (frame.push) this.#push(frame.push.pub);
    else if (frame.id === undefined) this.#pong();
    else if (frame.connect) this.#onConnected(frame.connect);
    else if (frame.id === CONNECT_ID && frame.error) this.#deps.onRefused(frame.error);
    else {
      const onAnswer = this.#calls.get(frame.id);
      this.#calls.delete(frame.id);
      const data = frame.rpc?.data ?? frame.refresh;
      if (frame.error) onAnswer?.({ error: frame.error });
      else if (data) onAnswer?.({ data });
    }
  }

  onClosed(code: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#deps.onClosed(code);
  }

  #pong(): void {
    const { chronicle } = this.#deps;
    chronicle.note("pinged");
    this.say({});
    chronicle.note("ponged");
  }

  #onConnected({ client, subs: { inbox } }: NonNullable<Frame["connect"]>): void {
    const { app, since, judge, name, chronicle, revocations, edge, onConnected } = this.#deps;
    const { epoch, offset, recovered } = inbox;
    chronicle.tell(() =>
      `${name} is connected as ${client}, ${epoch} ${offset}, recovered: ${!!recovered}`
    );
    this.id = client as ConnectionId;
    this.#epoch = epoch;
    this.#connected = true;
    revocations.letIn(this.#attempt, this, edge);
    if (recovered) {
      if (since?.epoch !== epoch) judge.fail(`recovered over epochs: ${since?.epoch}, ${epoch}`);
      if (since && since.gsid !== offset) judge.fail(`recovered from ${offset}, not ${since.gsid}`);
      app.move(offset, epoch);
    } else app.reload(offset, epoch);
    onConnected();
  }

  #onRefreshed(issued: Issued, which: KeptToken, answer: RpcAnswer): void {
    const { name, chronicle, revocations, edge } = this.#deps;
    this.#next = undefined;
    if ("error" in answer) return chronicle.note(`refresh answered ${answer.error.code}`);
    chronicle.note(`refreshed by ${which}`, issued.issuedMs, () => `${name} by ${issued.issuedMs}`);
    this.#token = issued;
    revocations.refreshed(this.#attempt, this, edge);
  }

  #push({ data, offset }: NonNullable<Frame["push"]>["pub"]): void {
    const { app, name, chronicle, onEvent } = this.#deps;
    chronicle.tell(() => `${name} gets ${data.type} ${data.gsid} with ${offset} on ${this.id}`);
    if (data.gsid !== undefined) {
      this.#last = data.gsid;
      app.get(data.gsid, this.#epoch);
      onEvent(data.gsid);
    }
    if (offset !== undefined) app.move(offset, this.#epoch);
  }
}
