/**
 * One client's connection, joined to a replica's.
 *
 * Invariant: bytes pass unchanged and in order, the end of either side is told to the other, and
 * `join` resolves with both closed. Knows nothing of what is spoken.
 *
 * @module
 */

const BUFFER_BYTES = 16 * 1024;
/** A client that does not end once the replica has is gone without a word. */
const LINGER_MS = 5_000;

export async function join(client: Deno.TcpConn, server: Deno.TcpConn): Promise<void> {
  for (const socket of [client, server]) socket.setNoDelay();
  const up = flow(client, server), down = flow(server, client);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const lingered = async () => {
    // A client that has said all still hears the answer, however late that comes.
    await down;
    await new Promise<void>((resolve) => timer = setTimeout(resolve, LINGER_MS));
  };
  try {
    await Promise.race([Promise.all([up, down]), lingered()]);
  } catch {
    // Torn on one side: the other is told by the close of both.
  } finally {
    clearTimeout(timer);
    for (const socket of [client, server]) closeQuietly(socket);
    await Promise.allSettled([up, down]);
  }
}

export function closeQuietly(socket: Deno.TcpConn): void {
  try {
    socket.close();
  } catch {
    // It is closed already.
  }
}

async function flow(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (;;) {
    const read = await from.read(buffer);
    if (read === null) return await to.closeWrite();
    for (let at = 0; at < read;) at += await to.write(buffer.subarray(at, read));
  }
}
