/**
 * The smallest client for Redis's own protocol (RESP2): one command after another.
 *
 * Just enough to ask a real Redis what it answers. A connection that breaks rejects what waits.
 *
 * @module
 */

export type RespReply = string | number | null | RespError | RespReply[];

/** An error that Redis answered with, as a value: here it is an answer like others. */
export interface RespError {
  error: string;
}

const CR_LF = new TextEncoder().encode("\r\n");

export class RespClient implements Disposable {
  #connection: Deno.Conn;
  #buffer = new Uint8Array(0);

  private constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  static async connect(port: number): Promise<RespClient> {
    return new RespClient(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  async command(words: string[]): Promise<RespReply> {
    const [reply] = await this.pipeline([words]);
    return reply!;
  }

  /** Sends all, then reads all. One call at a time. */
  async pipeline(commands: string[][]): Promise<RespReply[]> {
    await this.#write(commands.map(encodeCommand).join(""));
    const replies: RespReply[] = [];
    for (const _ of commands) replies.push(await this.#readReply());
    return replies;
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  async #write(text: string): Promise<void> {
    let bytes = new TextEncoder().encode(text);
    while (bytes.length > 0) bytes = bytes.subarray(await this.#connection.write(bytes));
  }

  async #readReply(): Promise<RespReply> {
    const line = await this.#readLine();
    const rest = line.slice(1);
    switch (line[0]) {
      case "+":
        return rest;
      case "-":
        return { error: rest };
      case ":":
        return Number(rest);
      case "$":
        return rest === "-1" ? null : await this.#readBulk(Number(rest));
      case "*": {
        const items: RespReply[] = [];
        for (let left = Number(rest); left > 0; left--) items.push(await this.#readReply());
        return items;
      }
    }
    throw new Error(`Cannot read reply: it begins with ${JSON.stringify(line)}`);
  }

  async #readLine(): Promise<string> {
    for (let from = 0;;) {
      const end = indexOfLineEnd(this.#buffer, from);
      if (end >= 0) return this.#take(end);
      from = Math.max(0, this.#buffer.length - 1);
      await this.#readMore();
    }
  }

  async #readBulk(bytes: number): Promise<string> {
    while (this.#buffer.length < bytes + CR_LF.length) await this.#readMore();
    return this.#take(bytes);
  }

  /** The first `length` bytes as text; the line end behind them goes too. */
  #take(length: number): string {
    const text = new TextDecoder().decode(this.#buffer.subarray(0, length));
    this.#buffer = this.#buffer.subarray(length + CR_LF.length);
    return text;
  }

  async #readMore(): Promise<void> {
    const chunk = new Uint8Array(64 * 1024);
    const read = await this.#connection.read(chunk);
    if (read === null) throw new Error("Cannot read reply: Redis closed the connection");
    const joined = new Uint8Array(this.#buffer.length + read);
    joined.set(this.#buffer);
    joined.set(chunk.subarray(0, read), this.#buffer.length);
    this.#buffer = joined;
  }
}

function encodeCommand(words: string[]): string {
  const utf8 = new TextEncoder();
  const bulks = words.map((word) => `$${utf8.encode(word).length}\r\n${word}\r\n`);
  return `*${words.length}\r\n${bulks.join("")}`;
}

function indexOfLineEnd(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(CR_LF[0]!, from); at >= 0; at = bytes.indexOf(CR_LF[0]!, at + 1)) {
    if (bytes[at + 1] === CR_LF[1]) return at;
  }
  return -1;
}
