/**
 * The one address that clients know, in front of replicas that come and go.
 *
 * Invariant: a connection that was joined to a replica stays with it until one of the two ends it;
 * only a new one is given to another. Which replicas there are, and which are open, is asked anew
 * for each: nothing here is told of a change.
 *
 * @module
 */

import type { Address } from "../../../../services/address.ts";
import { pause } from "../../../../services/wait_until.ts";
import { type Backend, chooseBackend } from "./choose.ts";
import { closeQuietly, join } from "./connection.ts";

const FULL_MS = 50;

export class Balancer implements AsyncDisposable {
  readonly #backends: () => readonly Backend[];
  readonly #connections = new Map<string, number>();
  readonly #joined = new Set<Promise<void>>();
  readonly #clients = new Set<Deno.TcpConn>();
  #listener: { address: Address; socket: Deno.TcpListener; accepting: Promise<void> } | undefined;
  #turn = 0;

  constructor(backends: () => readonly Backend[]) {
    this.#backends = backends;
  }

  /** Where it listens now; the port is a real one. */
  get address(): Address | undefined {
    return this.#listener?.address;
  }

  /** How many a replica has. */
  connectionsOf(id: string): number {
    return this.#connections.get(id) ?? 0;
  }

  /**
   * Listens here from now on; those that are connected stay so. Port 0 is any free one, and the one
   * it has, if it has one.
   *
   * @throws {Error} When the port is taken; it then listens where it did.
   */
  async listen({ hostname, port }: Address): Promise<void> {
    const before = this.#listener;
    const isSame = before?.address.hostname === hostname &&
      (port === 0 || before.address.port === port);
    if (isSame) return;
    const socket = listenOn({ hostname, port });
    const { port: given } = socket.addr as Deno.NetAddr;
    const address = { hostname, port: given };
    this.#listener = { address, socket, accepting: this.#accept(socket) };
    before?.socket.close();
    await before?.accepting;
  }

  /** Cuts whoever is still connected. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener?.socket.close();
    await this.#listener?.accepting;
    this.#listener = undefined;
    for (const client of this.#clients) closeQuietly(client);
    await Promise.allSettled(this.#joined);
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    for (;;) {
      try {
        this.#take(await listener.accept());
      } catch (error) {
        if (isClosed(error)) return;
        // More want in than this process may hold: those who are in stay, and others get their turn.
        await pause(FULL_MS);
      }
    }
  }

  #take(client: Deno.TcpConn): void {
    const joined = this.#serve(client);
    this.#joined.add(joined);
    this.#clients.add(client);
    joined.finally(() => {
      this.#joined.delete(joined);
      this.#clients.delete(client);
    });
  }

  async #serve(client: Deno.TcpConn): Promise<void> {
    const tried = new Set<string>();
    for (;;) {
      const backend = chooseBackend(this.#backends(), this.#connections, tried, this.#turn++);
      if (!backend) return closeQuietly(client);
      tried.add(backend.id);
      const { id, port } = backend;
      this.#count(id, 1);
      try {
        const server = await connectTo(port);
        if (server) return await join(client, server);
      } finally {
        this.#count(id, -1);
      }
    }
  }

  #count(id: string, by: number): void {
    const now = this.connectionsOf(id) + by;
    if (now === 0) this.#connections.delete(id);
    else this.#connections.set(id, now);
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted;
}

function listenOn(address: Address): Deno.TcpListener {
  try {
    return Deno.listen(address);
  } catch (cause) {
    const at = `${address.hostname}:${address.port}`;
    throw new Error(`Cannot listen on ${at}: ${(cause as Error).message}`, { cause });
  }
}

/** `undefined`: it does not listen any more. */
async function connectTo(port: number): Promise<Deno.TcpConn | undefined> {
  try {
    return await Deno.connect({ hostname: "127.0.0.1", port });
  } catch {
    return undefined;
  }
}
