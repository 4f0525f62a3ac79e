/**
 * A wire between two programs that can be slowed, held, torn and cut, by whoever holds this.
 *
 * Invariant: left alone it changes nothing. A fault of the proxy is one of every connection, those
 * that come later included, until `resume`. Knows nothing of what is spoken on it.
 *
 * @module
 */

import type { Address } from "../services/address.ts";
import { type ClaimedPorts, claimPorts } from "../services/claimed_ports.ts";
import { BLIND, type Inspector, ProxiedConnection } from "./connection.ts";
import type { Faults, Pace, Way } from "./faults.ts";

export interface TcpProxyOptions {
  /** Looks into each connection; one for each. */
  inspector?: () => Inspector;
  random?: () => number;
}

const HOSTNAME = "127.0.0.1";

export class TcpProxy implements Faults, AsyncDisposable {
  #target: Address;
  readonly #options: Required<TcpProxyOptions>;
  /** So that nobody else listens there while new connections are refused. */
  readonly #claimed: ClaimedPorts;
  readonly #connections = new Set<ProxiedConnection>();
  readonly #connecting = new Set<Promise<void>>();
  #listener: Deno.TcpListener | undefined;
  #accepting: Promise<void>;
  /** What is asked of each new connection. */
  #standing: ((connection: Faults) => void)[] = [];

  constructor(target: Address, options: TcpProxyOptions = {}) {
    this.#target = target;
    this.#options = { inspector: () => BLIND, random: Math.random, ...options };
    this.#claimed = claimPorts(1);
    this.#listener = Deno.listen(this.address);
    this.#accepting = this.#accept(this.#listener);
  }

  /** Where clients are to connect instead. */
  get address(): Address {
    return { hostname: HOSTNAME, port: this.#claimed.ports[0]! };
  }

  /** Those that are open, oldest first. */
  get connections(): readonly Faults[] {
    return [...this.#connections];
  }

  /** As an address that moves: new connections go there, those that are open stay where they are. */
  leadTo(target: Address): void {
    this.#target = target;
  }

  slow(pace: Pace, way?: Way): void {
    this.#ask((connection) => connection.slow(pace, way));
  }

  hold(way?: Way): void {
    this.#ask((connection) => connection.hold(way));
  }

  swallow(way?: Way): void {
    this.#ask((connection) => connection.swallow(way));
  }

  halfClose(way: Way): void {
    this.#ask((connection) => connection.halfClose(way));
  }

  cutAfter(bytes: number, way: Way): void {
    this.#ask((connection) => connection.cutAfter(bytes, way));
  }

  /** Those that are open; others may come. */
  cut(): void {
    for (const connection of this.#connections) connection.cut();
  }

  /** From when it resolves, new connections are refused, as by a program that does not run. */
  async refuse(): Promise<void> {
    this.#listener?.close();
    this.#listener = undefined;
    // The port is open for as long as somebody waits at it.
    await this.#accepting;
  }

  resume(): void {
    this.#standing = [];
    if (!this.#listener) {
      this.#listener = Deno.listen(this.address);
      this.#accepting = this.#accept(this.#listener);
    }
    for (const connection of this.#connections) connection.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.refuse();
    await Promise.all(this.#connecting);
    this.cut();
    await Promise.all([...this.#connections].map(({ ended }) => ended));
    this.#claimed[Symbol.dispose]();
  }

  #ask(fault: (connection: Faults) => void): void {
    this.#standing.push(fault);
    for (const connection of this.#connections) fault(connection);
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    for await (const client of listener) {
      const connecting = this.#connect(client);
      this.#connecting.add(connecting);
      connecting.finally(() => this.#connecting.delete(connecting));
    }
  }

  async #connect(client: Deno.TcpConn): Promise<void> {
    let server: Deno.TcpConn;
    try {
      server = await Deno.connect(this.#target);
    } catch {
      // Nobody is there: our client finds out by losing what it was given.
      return client.close();
    }
    for (const socket of [client, server]) socket.setNoDelay();
    const { inspector, random } = this.#options;
    const connection = new ProxiedConnection({ client, server, inspector: inspector(), random });
    this.#connections.add(connection);
    for (const fault of this.#standing) fault(connection);
    connection.ended.then(() => this.#connections.delete(connection));
  }
}
