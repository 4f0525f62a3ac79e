/**
 * Ports that nobody listens on.
 *
 * A free port stays free only until somebody takes it: a server that can choose its own (port 0)
 * should. Those given here lie below what systems give to outgoing connections (Linux from 32768,
 * macOS from 49152), of which there are many while a system starts.
 *
 * @module
 */

const LOWEST = 10_000, HIGHEST = 32_000;

export function freePort(): number {
  const [port] = freePorts(1);
  return port!;
}

/** As many different ones. */
export function freePorts(count: number): number[] {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (!ports.has(port) && isPortFree(port)) ports.add(port);
  }
  return [...ports];
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
