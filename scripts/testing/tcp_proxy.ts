/**
 * For tests: a wire to a server that can be cut, at the worst of moments too.
 *
 * @module
 */

import { connect, createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** What the server says next is lost, and the connection that it was meant for with it. */
  cutAtNextAnswer(): void;
  /** Connections that were cut. */
  readonly cuts: number;
}

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const open = new Set<Socket>();
  let armed = false, cuts = 0;

  const server: Server = createServer((client) => {
    const upstream = connect(target.port, target.host);
    const end = () => {
      for (const socket of [client, upstream]) {
        open.delete(socket);
        socket.destroy();
      }
    };
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", end).on("close", end);
    }
    client.on("data", (bytes) => upstream.write(bytes));
    upstream.on("data", (bytes) => {
      if (!armed) return client.write(bytes);
      armed = false;
      cuts++;
      end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    cutAtNextAnswer: () => armed = true,
    get cuts() {
      return cuts;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
