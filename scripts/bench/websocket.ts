/**
 * A bare WebSocket client for load: it costs a fraction of the SDK, so that one process can be
 * hundreds of clients without becoming what is measured.
 *
 * Invariant: every text frame is handed on whole and in order, and the end is told once. It trusts its
 * server: no fragments, no close handshake. Knows nothing of what the frames say.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";

export interface LoadSocket {
  send(text: string): void;
  close(): Promise<void>;
}

/** The server's answer to the upgrade was another than 101. */
export class Refused extends Error {
  override name = "Refused";
}

const OPCODE = { text: 1, close: 8, ping: 9, pong: 10 } as const;
/** The connection ended without a close frame. */
const ABNORMAL = 1006;
/** The handshake's key may be any: whoever answers 101 here is taken at its word. */
const HANDSHAKE_KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** `onEnd` is told the code of the server's close, once the socket was open. */
export function openSocket(
  url: string,
  onText: (text: string) => void,
  onEnd: (code: number) => void = () => {},
): Promise<LoadSocket> {
  const { hostname, port, host, pathname } = new URL(url);
  const opened = Promise.withResolvers<LoadSocket>();
  const closed = Promise.withResolvers<void>();
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  const reader = new FrameReader(socket, onText);
  socket.on("connect", () => {
    socket.write(
      `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${HANDSHAKE_KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
  });
  socket.on("data", (bytes: Buffer) => {
    const fault = reader.read(bytes);
    if (fault) {
      opened.reject(new Refused(`Cannot open ${url}: ${fault}`));
      socket.destroy();
    } else if (reader.isUpgraded) {
      opened.resolve({
        send: (text) => void socket.write(encodeFrame(OPCODE.text, Buffer.from(text))),
        close: () => (socket.destroy(), closed.promise),
      });
    }
  });
  socket.on("error", (cause) => opened.reject(new Error(`Cannot open ${url}`, { cause })));
  socket.on("close", () => {
    opened.reject(new Error(`Cannot open ${url}: it was closed`));
    if (reader.isUpgraded) onEnd(reader.closeCode ?? ABNORMAL);
    closed.resolve();
  });
  return opened.promise;
}

class FrameReader {
  isUpgraded = false;
  closeCode: number | undefined;
  #rest: Buffer | undefined;
  readonly #socket: Socket;
  readonly #onText: (text: string) => void;

  constructor(socket: Socket, onText: (text: string) => void) {
    this.#socket = socket;
    this.#onText = onText;
  }

  /** Returns what is wrong, when the server refuses. */
  read(bytes: Buffer): string | undefined {
    let buffer = this.#rest ? Buffer.concat([this.#rest, bytes]) : bytes;
    if (!this.isUpgraded) {
      const end = buffer.indexOf("\r\n\r\n");
      if (end < 0) return void (this.#rest = buffer);
      const status = buffer.toString("latin1", 0, buffer.indexOf("\r\n"));
      if (!status.includes(" 101")) return status;
      this.isUpgraded = true;
      buffer = buffer.subarray(end + 4);
    }
    const used = this.#frames(buffer);
    this.#rest = used === buffer.length ? undefined : buffer.subarray(used);
  }

  #frames(buffer: Buffer): number {
    let at = 0;
    for (;;) {
      const frame = frameAt(buffer, at);
      if (!frame) return at;
      const { opcode, start, end } = frame;
      // Everything that is said in a bench is ASCII, which is read in half the time.
      if (opcode === OPCODE.text) this.#onText(buffer.toString("latin1", start, end));
      if (opcode === OPCODE.close && end - start >= 2) {
        this.closeCode = buffer.readUInt16BE(start);
        this.#socket.end();
      }
      if (opcode === OPCODE.ping) {
        this.#socket.write(encodeFrame(OPCODE.pong, buffer.subarray(start, end)));
      }
      at = end;
    }
  }
}

function frameAt(buffer: Buffer, at: number) {
  if (buffer.length - at < 2) return;
  let length = buffer[at + 1]! & 127;
  let start = at + 2;
  if (length === 126) {
    if (buffer.length - at < 4) return;
    length = buffer.readUInt16BE(at + 2);
    start = at + 4;
  } else if (length === 127) {
    if (buffer.length - at < 10) return;
    length = Number(buffer.readBigUInt64BE(at + 2));
    start = at + 10;
  }
  const end = start + length;
  if (buffer.length < end) return;
  return { opcode: buffer[at]! & 15, start, end };
}

/** Masked with zeros, as a client must mask: the payload's bytes stay as they are. */
function encodeFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const header = Buffer.alloc((length < 126 ? 2 : length < 65_536 ? 4 : 10) + 4);
  header[0] = 0x80 | opcode;
  if (length < 126) header[1] = 0x80 | length;
  else if (length < 65_536) {
    header[1] = 0x80 | 126;
    header.writeUInt16BE(length, 2);
  } else {
    header[1] = 0x80 | 127;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([header, payload]);
}
