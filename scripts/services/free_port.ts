/**
 * Ports that nobody listens on.
 *
 * A free port stays free only until somebody takes it: a server that can choose its own (port 0)
 * should, and one that cannot must be ready to be given another.
 *
 * @module
 */

export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

export function isPortFree(port: number): boolean {
  try {
    using _listener = Deno.listen({ hostname: "127.0.0.1", port });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
