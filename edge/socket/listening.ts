/**
 * Keeps a port listening. Once a process has as many files open as it may, the runtime takes no
 * connection there any more, for good and without a word: it drops the error of `accept`, and is
 * never woken again (`libs/core/uv_compat/tcp.rs` of Deno 2.9).
 *
 * Invariant: a port that takes connections is left alone, and so is one that cannot be asked, for
 * that may be all that is wrong. Knows nothing of what is served there, but that whoever asks is
 * answered or hung up on.
 *
 * @module
 */

import { connect } from "node:net";
import type { Turns } from "shared/turns.ts";
import type { Address } from "./accept.ts";

const LOOK_MS = 5_000, ANSWER_MS = 3_000;
/** An event loop that stands still is late for one, and this takes away what waits to be taken. */
const DEAF_AFTER = 3;
const REQUEST = "HEAD / HTTP/1.0\r\n\r\n";
const ANY = new Map([["0.0.0.0", "127.0.0.1"], ["::", "::1"]]);

export interface ListeningOptions {
  address: Address;
  /** How many connections the port has taken so far: it may take them long before it answers. */
  taken(): number;
  /** Listens at the same port again; whoever is connected stays. */
  listenAnew(): Promise<unknown>;
  turns: Turns;
  onDeaf(): void;
  onFault(error: unknown): void;
}

/** `unasked`: no file to ask with, no such name, no way there. It says nothing of the port. */
type Answer = "heard" | "silent" | "unasked";

export interface Listening {
  /** Nobody gets in, and the port could not be opened anew. */
  readonly isDeaf: boolean;
  /** Resolves when it has ended, with the port as it is. */
  end(): Promise<void>;
}

export function keepListening(options: ListeningOptions): Listening {
  const { address, taken, listenAnew, turns, onDeaf, onFault } = options;
  const ending = new AbortController();
  let silences = 0, takenBefore = taken();
  let looking: Promise<void> | undefined;
  let cancel = turns.later(begin, LOOK_MS);

  function begin(): void {
    looking = look().catch(onFault).finally(() => {
      if (!ending.signal.aborted) cancel = turns.later(begin, LOOK_MS);
    });
  }

  async function look(): Promise<void> {
    const answer = await ask(address, turns, ending.signal);
    if (answer === "heard" || taken() > takenBefore) silences = 0;
    else if (answer === "silent") silences++;
    takenBefore = taken();
    if (silences < DEAF_AFTER || ending.signal.aborted) return;
    onDeaf();
    await listenAnew();
    silences = 0;
  }

  return {
    get isDeaf() {
      return silences >= DEAF_AFTER;
    },
    async end() {
      ending.abort();
      cancel();
      await looking;
    },
  };
}

function ask({ hostname, port }: Address, turns: Turns, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve) => {
    // The kernel connects whoever comes: that says nothing of us.
    let isConnected = false;
    const socket = connect(port, ANY.get(hostname) ?? hostname, () => {
      isConnected = true;
      socket.write(REQUEST);
    });
    const end = (answer: Answer) => {
      cancel();
      signal.removeEventListener("abort", giveUp);
      socket.destroy();
      resolve(answer);
    };
    const giveUp = () => end("unasked");
    const cancel = turns.later(() => end("silent"), ANSWER_MS);
    signal.addEventListener("abort", giveUp);
    socket.on("data", () => end("heard"));
    socket.on("end", () => end("heard"));
    socket.on("error", ({ code }: Error & { code?: string }) => {
      if (isConnected) end("heard");
      else end(code === "ECONNREFUSED" ? "silent" : "unasked");
    });
  });
}
