/**
 * Serving a fetch handler on a port, and ending that with every answer given.
 *
 * Invariant: it serves until it is closed. The runtime ends a server whose `accept` fails once, as
 * where the process has as many files open as it may: then another takes its place.
 *
 * @module
 */

import { pause } from "shared/pause.ts";

export interface HttpServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Takes no more requests; resolves when those under way are answered. */
  close(): Promise<void>;
}

export interface ServeOptions {
  hostname: string;
  /** 0: any free one. */
  port: number;
  onError: (error: unknown) => void;
}

type Handler = (request: Request) => Response | Promise<Response>;

const AGAIN_MS = 1_000;

/** @throws {Error} When the port is taken. */
export function serveHttp(fetch: Handler, options: ServeOptions): HttpServer {
  const { hostname, onError } = options;
  const closing = new AbortController();
  let server = listen(fetch, options);
  const { port } = server.addr;
  /** Those that take nobody any more, until what they were asked is answered. */
  const ending = new Set<Promise<void>>();
  const served = serveOn();

  async function serveOn(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        return await server.finished;
      } catch (error) {
        onError(error);
        const ended = server.shutdown().catch(onError).finally(() => ending.delete(ended));
        ending.add(ended);
        await listenAgain();
      }
    }
  }

  async function listenAgain(): Promise<void> {
    while (!closing.signal.aborted) {
      await pause(AGAIN_MS, closing.signal);
      try {
        if (!closing.signal.aborted) server = listen(fetch, { ...options, port });
        return;
      } catch (error) {
        onError(error);
      }
    }
  }

  async function close(): Promise<void> {
    closing.abort();
    await server.shutdown();
    await served;
    await Promise.all(ending);
  }

  return {
    port,
    url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function listen(
  fetch: Handler,
  { hostname, port, onError }: ServeOptions,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({
      hostname,
      port,
      onListen: () => {},
      onError: (error) => {
        onError(error);
        return new Response("internal server error", { status: 500 });
      },
    }, fetch);
  } catch (cause) {
    throw new Error(`Cannot listen on ${hostname}:${port}: ${(cause as Error).message}`, {
      cause,
    });
  }
}
