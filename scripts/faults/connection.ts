/**
 * One connection through a proxy, with both of its ways.
 *
 * Invariant: it ends when both sides have, or when it is cut, and then both sockets are closed.
 *
 * @module
 */

import { type Faults, type Pace, type Way, WAYS } from "./faults.ts";
import { Flow, type Inspected } from "./flow.ts";

/** Looks into one connection, and may end it at a moment that only its protocol knows. */
export interface Inspector {
  inspect(way: Way, bytes: Uint8Array): Inspected;
}

export const BLIND: Inspector = { inspect: (_way, pass) => ({ pass, cut: false }) };

export interface ConnectionOptions {
  client: Deno.TcpConn;
  server: Deno.TcpConn;
  inspector: Inspector;
  random(): number;
}

export class ProxiedConnection implements Faults {
  readonly ended: Promise<void>;
  readonly #sockets: readonly Deno.TcpConn[];
  readonly #cutting = new AbortController();
  readonly #flows: Record<Way, Flow>;

  constructor({ client, server, inspector, random }: ConnectionOptions) {
    this.#sockets = [client, server];
    const flow = (way: Way, from: Deno.TcpConn, to: Deno.TcpConn) =>
      new Flow({
        from,
        to,
        isCut: this.#cutting.signal,
        cut: () => this.cut(),
        onReceiverGone: () =>
          this.#flows[way === "toServer" ? "toClient" : "toServer"].senderGone(),
        inspect: (bytes) => inspector.inspect(way, bytes),
        random,
      });
    this.#flows = {
      toServer: flow("toServer", client, server),
      toClient: flow("toClient", server, client),
    };
    this.ended = this.#run();
  }

  slow(pace: Pace, way?: Way): void {
    this.#each(way, (flow) => flow.slow(pace));
  }

  hold(way?: Way): void {
    this.#each(way, (flow) => flow.hold());
  }

  swallow(way?: Way): void {
    this.#each(way, (flow) => flow.swallow());
  }

  halfClose(way: Way): void {
    void this.#flows[way].halfClose();
  }

  cutAfter(bytes: number, way: Way): void {
    this.#flows[way].cutAfter(bytes);
  }

  cut(): void {
    if (this.#cutting.signal.aborted) return;
    this.#cutting.abort();
    for (const socket of this.#sockets) socket.close();
  }

  resume(): void {
    this.#each(undefined, (flow) => flow.resume());
  }

  #each(way: Way | undefined, act: (flow: Flow) => void): void {
    for (const each of way ? [way] : WAYS) act(this.#flows[each]);
  }

  async #run(): Promise<void> {
    await Promise.all(WAYS.map((way) => this.#flows[way].run()));
    this.cut();
  }
}
