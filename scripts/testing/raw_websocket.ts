/**
 * A WebSocket client that writes whatever bytes a test wants, and reads only when told.
 *
 * Invariant: nothing happens by itself: no pong, no close frame, no reading. Tests of an edge's
 * bounds need a peer that breaks the rules. Knows nothing of the Centrifuge protocol.
 *
 * @module
 */

import { Buffer } from "node:buffer";

export interface ReceivedFrame {
  opcode: number;
  payload: Uint8Array;
  text: string;
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface FrameShape {
  opcode?: number;
  fin?: boolean;
  masked?: boolean;
  rsv1?: boolean;
  /** What the header says, when it shall lie. */
  length?: number;
}

const CHUNK_BYTES = 64 * 1024;
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

export class RawWebSocket implements Disposable {
  readonly #connection: Deno.TcpConn;
  #unread = Buffer.alloc(0);

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /** Opens and upgrades; `status` is the server's answer, 101 when it became a WebSocket. */
  static async open(
    port: number,
    options: { path?: string; headers?: Record<string, string> } = {},
  ): Promise<{ socket: RawWebSocket; status: number; headers: Headers }> {
    const socket = new RawWebSocket(await Deno.connect({ hostname: "127.0.0.1", port }));
    const headers = {
      "Host": `127.0.0.1:${port}`,
      "Upgrade": "websocket",
      "Connection": "Upgrade",
      "Sec-WebSocket-Key": KEY,
      "Sec-WebSocket-Version": "13",
      ...options.headers,
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
    await socket.write(`GET ${options.path ?? "/connection/websocket"} HTTP/1.1\r\n${lines}\r\n`);
    return { socket, ...await socket.#readHead() };
  }

  async write(bytes: string | Uint8Array): Promise<void> {
    let rest: Uint8Array = Buffer.from(bytes);
    while (rest.length > 0) rest = rest.subarray(await this.#connection.write(rest));
  }

  send(payload: string | Uint8Array, shape: FrameShape = {}): Promise<void> {
    return this.write(frame(payload, shape));
  }

  /** The next frame; `undefined` when the connection has ended. */
  async read(): Promise<ReceivedFrame | undefined> {
    if (!await this.#fill(2)) return;
    let length = this.#unread[1]! & 127, header = 2;
    if (length === 126) {
      if (!await this.#fill(header = 4)) return;
      length = this.#unread.readUInt16BE(2);
    } else if (length === 127) {
      if (!await this.#fill(header = 10)) return;
      length = Number(this.#unread.readBigUInt64BE(2));
    }
    if (!await this.#fill(header + length)) return;
    const payload = this.#unread.subarray(header, header + length);
    const opcode = this.#unread[0]! & 15;
    this.#unread = this.#unread.subarray(header + length);
    return { opcode, payload, text: payload.toString() };
  }

  /** Reads some bytes and forgets them; `false` when the connection has ended. */
  async drink(maxBytes: number): Promise<boolean> {
    const chunk = new Uint8Array(Math.min(maxBytes, CHUNK_BYTES));
    return await this.#connection.read(chunk).catch(() => null) !== null;
  }

  /** Takes a few bytes off the wire, and makes nothing of them. False: the connection has ended. */
  async trickle(bytes: number): Promise<boolean> {
    return await this.#connection.read(new Uint8Array(bytes)).catch(() => null) !== null;
  }

  /** Reads to the close frame; 1006 when the connection ends without one. */
  async closed(): Promise<{ code: number; reason: string }> {
    for (let received = await this.read(); received; received = await this.read()) {
      if (received.opcode !== OPCODE.close) continue;
      const payload = Buffer.from(received.payload);
      return { code: payload.readUInt16BE(0), reason: payload.toString("utf8", 2) };
    }
    return { code: 1006, reason: "" };
  }

  async closeCode(): Promise<number> {
    return (await this.closed()).code;
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  async #readHead(): Promise<{ status: number; headers: Headers }> {
    let end = -1;
    while ((end = this.#unread.indexOf("\r\n\r\n")) < 0) {
      if (!await this.#fill(this.#unread.length + 1)) return { status: 0, headers: new Headers() };
    }
    const [status, ...lines] = this.#unread.subarray(0, end).toString().split("\r\n");
    this.#unread = this.#unread.subarray(end + 4);
    const headers = new Headers(lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }));
    return { status: Number(status!.split(" ")[1]), headers };
  }

  async #fill(bytes: number): Promise<boolean> {
    const chunk = new Uint8Array(CHUNK_BYTES);
    while (this.#unread.length < bytes) {
      const read = await this.#connection.read(chunk).catch(() => null);
      if (!read) return false;
      this.#unread = Buffer.concat([this.#unread, chunk.subarray(0, read)]);
    }
    return true;
  }
}

/** The bytes of one frame as a client writes it, or as it must not. */
export function frame(payload: string | Uint8Array, shape: FrameShape = {}): Uint8Array {
  const { opcode = OPCODE.text, fin = true, masked = true, rsv1 = false } = shape;
  const bytes = Buffer.from(payload);
  const length = shape.length ?? bytes.length;
  const head = [(fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | opcode];
  const mask = masked ? 0x80 : 0;
  if (length < 126) head.push(mask | length);
  else if (length < 65_536) head.push(mask | 126, length >> 8, length & 255);
  else {
    const size = Buffer.alloc(8);
    size.writeBigUInt64BE(BigInt(length));
    head.push(mask | 127, ...size);
  }
  // A mask of zeros leaves the payload as it is.
  if (masked) head.push(0, 0, 0, 0);
  return Buffer.concat([Buffer.from(head), bytes]);
}
