/**
 * Serving a fetch handler on a port, and ending that with every answer given.
 *
 * @module
 */

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

/** @throws {Error} When the port is taken. */
export function serveHttp(
  fetch: (request: Request) => Response | Promise<Response>,
  { hostname, port, onError }: ServeOptions,
): HttpServer {
  const server = listen();
  const close = () => server.shutdown();
  return {
    port: server.addr.port,
    url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${server.addr.port}`,
    close,
    [Symbol.asyncDispose]: close,
  };

  function listen() {
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
}
