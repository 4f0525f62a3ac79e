/**
 * Two ends of a wire, for tests of what lies between them: plain sockets that write down what comes.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Address } from "../services/address.ts";
import { waitUntil } from "../services/wait_until.ts";

/** One end of a connection. */
export class Peer {
  readonly socket: Socket;
  #received: Buffer[] = [];
  /** The other side said that nothing more comes. */
  hasEnded = false;
  /** The connection is gone, whoever ended it. */
  isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes: Buffer) => this.#received.push(bytes));
    socket.on("end", () => this.hasEnded = true);
    socket.on("close", () => this.isClosed = true);
    // Whoever is cut hears of it by an error or by an end; either way it is closed.
    socket.on("error", () => {});
  }

  get text(): string {
    return Buffer.concat(this.#received).toString("latin1");
  }

  say(text: string): void {
    this.socket.write(text, "latin1");
  }

  async hears(text: string): Promise<void> {
    await this.until(() => this.text === text, `"${text.slice(0, 40)}" to be heard`);
  }

  async until(isSo: () => boolean, what: string): Promise<void> {
    await waitUntil(() => isSo() || undefined, { what, withinMs: 5_000 });
  }
}

export interface TestServer extends AsyncDisposable {
  readonly address: Address;
  /** Its ends of the connections that were made, in order. */
  readonly peers: readonly Peer[];
}

export async function testServer(): Promise<TestServer> {
  const peers: Peer[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => peers.push(new Peer(socket)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    address: { hostname: "127.0.0.1", port },
    peers,
    async [Symbol.asyncDispose]() {
      for (const { socket } of peers) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

export interface TestClients extends AsyncDisposable {
  /** @throws {Error} When nobody listens there. */
  connect(address: Address): Promise<Peer>;
}

export function testClients(): TestClients {
  const peers: Peer[] = [];
  return {
    async connect({ hostname, port }) {
      const socket = connect({ host: hostname, port, allowHalfOpen: true });
      await once(socket, "connect");
      const peer = new Peer(socket);
      peers.push(peer);
      return peer;
    },
    async [Symbol.asyncDispose]() {
      for (const { socket } of peers) socket.destroy();
      for (const peer of peers) await peer.until(() => peer.isClosed, "a socket to be closed");
    },
  };
}
