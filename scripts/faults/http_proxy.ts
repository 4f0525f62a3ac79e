/**
 * Something before an HTTP server that can answer in its place.
 *
 * Invariant: untold it changes nothing of what is asked and answered. Knows nothing of what is
 * behind it but its address.
 *
 * @module
 */

import { type Address, hostOf } from "../services/address.ts";

export interface HttpAnswer {
  status: number;
  body: string;
  type?: string;
}

export class HttpProxy implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #target: Address | undefined;
  #instead: HttpAnswer | undefined;
  #answered = 0;

  constructor() {
    this.#server = Deno.serve(
      {
        hostname: "127.0.0.1",
        port: 0,
        onListen: () => {},
        // Who gave up waiting, or is not there, is no fault of this one.
        onError: () => new Response(null, { status: 502 }),
      },
      (request) => this.#answer(request),
    );
  }

  /** Where it is to be found instead of `target`. */
  before(target: Address): Address {
    this.#target = target;
    const { hostname, port } = this.#server.addr;
    return { hostname, port };
  }

  /** What everybody is answered; `undefined`: what the server says. */
  set instead(answer: HttpAnswer | undefined) {
    this.#instead = answer;
  }

  /** Answers that were not the server's. */
  get answered(): number {
    return this.#answered;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    if (!this.#target) throw new Error("Cannot pass a request on: it stands before nobody");
    const body = await request.text();
    if (this.#instead) {
      this.#answered++;
      const { status, body, type = "application/json" } = this.#instead;
      return new Response(body, { status, headers: { "Content-Type": type } });
    }
    const { pathname, search } = new URL(request.url);
    const { method, headers } = request;
    return await fetch(`http://${hostOf(this.#target)}${pathname}${search}`, {
      ...{ method, headers },
      ...(body !== "" && { body }),
    });
  }
}
