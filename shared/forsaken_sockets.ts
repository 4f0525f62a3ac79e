/**
 * Errors of sockets whose owner has already let go of them.
 *
 * A library that gives a connection up takes its listeners off the socket. Where the peer resets
 * that connection in the same moment, as a NATS server does that refuses credentials, the error is
 * on its way by then and finds nobody: the runtime takes it for a fault of the program and ends it.
 * So it is where a busy program answers a server that has stopped waiting for it and has ended the
 * connection.
 *
 * Invariant: only what a system call on a connection says of its peer is passed over, and that
 * something was written to a connection that had ended; every other uncaught error ends the program
 * as it did. Knows neither the sockets nor who had them.
 *
 * @module
 */

const CALLS = new Set(["read", "write", "shutdown"]);
const CODES = new Set(["ECONNABORTED", "ECONNRESET", "ENOTCONN", "EPIPE", "ETIMEDOUT"]);

/**
 * Passes over what nobody caught there, and tells of it, until it is disposed.
 *
 * `uncaught`: where the runtime says what nobody caught, which is `globalThis`.
 */
export function passOverForsakenSockets(
  uncaught: EventTarget,
  tell: (error: Error) => void = () => {},
): Disposable {
  const disposed = new AbortController();
  uncaught.addEventListener("error", (event) => {
    const { error } = event as unknown as ErrorEvent;
    if (!isOfPeer(error)) return;
    event.preventDefault();
    tell(error);
  }, { signal: disposed.signal });
  return { [Symbol.dispose]: () => disposed.abort() };
}

function isOfPeer(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  if (code === "ERR_STREAM_WRITE_AFTER_END") return true;
  return CODES.has(code as string) && CALLS.has(syscall as string);
}
