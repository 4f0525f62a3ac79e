/**
 * Ports that nobody listens on, and that nobody else is given while they are claimed.
 *
 * A server that can choose its own port (port 0) and is started once should. The ports given here
 * lie below what systems give to outgoing connections (Linux from 32768, macOS from 49152), of
 * which there are many while a system starts, and above the last of those that browsers and `fetch`
 * refuse to ask (10080, see the "bad ports" of https://fetch.spec.whatwg.org/#port-blocking).
 *
 * Invariant: a port has one claim on this machine, whichever process or thread holds it, and none
 * once that has given it up or ended, however it ended. For a claim is a listener, on another port
 * that stands for the claimed one; the kernel allows one, and closes it with its process.
 *
 * @module
 */

const LOWEST = 10_081, COUNT = 11_000;
/** Above every claim and what stands for it; and the first that Linux chooses by itself. */
const CLOSED = LOWEST + 2 * COUNT, EPHEMERAL = 32_768;
const HOSTNAME = "127.0.0.1";

/** Given up when it is disposed of, which must not be before the servers have ended. */
export interface ClaimedPorts extends Disposable {
  readonly ports: readonly number[];
}

export function claimPorts(count: number, random: () => number = Math.random): ClaimedPorts {
  using stack = new DisposableStack();
  const ports: number[] = [];
  while (ports.length < count) {
    const port = LOWEST + Math.floor(random() * COUNT);
    const claim = listen(port + COUNT);
    if (!claim) continue;
    stack.use(claim);
    if (isPortFree(port)) ports.push(port);
  }
  const claims = stack.move();
  return { ports, [Symbol.dispose]: () => claims.dispose() };
}

/**
 * A port that nobody listens on, nor will: it lies above all that is claimed, and below what Linux
 * gives to whoever asks for any. One that was listened on and closed may be another's a moment later.
 */
export function closedPort(): number {
  while (true) {
    const port = CLOSED + Math.floor(Math.random() * (EPHEMERAL - CLOSED));
    if (isPortFree(port)) return port;
  }
}

export function isPortFree(port: number): boolean {
  using listener = listen(port);
  return listener !== undefined;
}

/** `undefined`: somebody does already. */
function listen(port: number): Deno.TcpListener | undefined {
  try {
    return Deno.listen({ hostname: HOSTNAME, port });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return undefined;
    throw error;
  }
}
