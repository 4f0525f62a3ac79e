/**
 * Clients of which nobody but this knows how much they read.
 *
 * @module
 */

import { RawWebSocket } from "testing/raw_websocket.ts";
import { signToken } from "testing/token.ts";
import type { State } from "../../../dev/state.ts";
import { addressOf } from "../../../services/address.ts";
import { pause } from "../../../services/wait_until.ts";

/** What a client reads of what is sent to it. */
export type Pace = "all" | "a little" | "nothing";

const LITTLE_BYTES = 1_024, EVERY_MS = 1_000;
const ATTEMPTS = 300, AGAIN_MS = 200;

export class SlowClients implements AsyncDisposable {
  readonly users: readonly string[];
  readonly #clients: readonly SlowClient[];

  private constructor(users: readonly string[], clients: readonly SlowClient[]) {
    this.users = users;
    this.#clients = clients;
  }

  static async connect(
    socket: string,
    clients: readonly { user: string; pace: Pace }[],
    { token_secret }: Pick<State, "token_secret">,
  ): Promise<SlowClients> {
    const { port } = addressOf(socket);
    const connecting = clients.map(async ({ user, pace }) =>
      SlowClient.connect(port, await signToken(user, token_secret, 3_600), pace)
    );
    return new SlowClients(clients.map(({ user }) => user), await Promise.all(connecting));
  }

  /** Each has lost its connection, whatever there was to read before. */
  async untilEnded(): Promise<void> {
    for (const client of this.#clients) client.pace = "all";
    await Promise.all(this.#clients.map(({ ended }) => ended));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client[Symbol.asyncDispose]()));
  }
}

class SlowClient implements AsyncDisposable {
  pace: Pace;
  readonly ended: Promise<void>;
  readonly #socket: RawWebSocket;
  #isOver = false;

  private constructor(socket: RawWebSocket, pace: Pace) {
    this.#socket = socket;
    this.pace = pace;
    this.ended = this.#read();
  }

  /** Comes back until it is let in: an edge lets only so many in at once. */
  static async connect(port: number, token: string, pace: Pace): Promise<SlowClient> {
    for (let attempt = 1;; attempt++) {
      const { socket } = await RawWebSocket.open(port);
      await socket.send(JSON.stringify({ id: 1, connect: { token, data: {} } }));
      const reply = await socket.read();
      if (reply?.text.startsWith('{"id":1,"connect":')) return new SlowClient(socket, pace);
      socket[Symbol.dispose]();
      if (attempt === ATTEMPTS) throw new Error(`Cannot connect a slow client: ${reply?.text}`);
      await pause(AGAIN_MS);
    }
  }

  async #read(): Promise<void> {
    for (let isOpen = true; isOpen && !this.#isOver;) {
      if (this.pace !== "all") await pause(EVERY_MS);
      if (this.pace === "nothing") continue;
      isOpen = await this.#socket.drink(this.pace === "all" ? Infinity : LITTLE_BYTES);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#socket[Symbol.dispose]();
    await this.ended;
  }
}
