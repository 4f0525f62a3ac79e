/**
 * Keeps a port listening. Once a process has as many files open as it may, the runtime takes no
 * connection there any more, for good and without a word: it drops the error of `accept`, and is
 * never woken again (`libs/core/uv_compat/tcp.rs` of Deno 2.9).
 *
 * Invariant: a port that takes connections is left alone. Knows nothing of what is served there, but
 * that whoever asks is answered or hung up on.
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
  /** Listens at the same port again; whoever is connected stays. */
  listenAnew(): Promise<unknown>;
  turns: Turns;
  onDeaf(): void;
  onFault(error: unknown): void;
}

/** Goes on until what is returned is called, which resolves when it has ended. */
export function keepListening(options: ListeningOptions): () => Promise<void> {
  const { address, listenAnew, turns, onDeaf, onFault } = options;
  let silences = 0, ended = false;
  let looking: Promise<void> | undefined;
  let cancel = turns.later(begin, LOOK_MS);

  function begin(): void {
    looking = look().catch(onFault).finally(() => {
      if (!ended) cancel = turns.later(begin, LOOK_MS);
    });
  }

  async function look(): Promise<void> {
    silences = await isHeard(address, turns) ? 0 : silences + 1;
    if (silences < DEAF_AFTER || ended) return;
    onDeaf();
    await listenAnew();
    silences = 0;
  }

  return async () => {
    ended = true;
    cancel();
    await looking;
  };
}

function isHeard({ hostname, port }: Address, turns: Turns): Promise<boolean> {
  return new Promise((resolve) => {
    // The kernel connects whoever comes: that says nothing of us.
    let isConnected = false;
    const socket = connect(port, ANY.get(hostname) ?? hostname, () => {
      isConnected = true;
      socket.write(REQUEST);
    });
    const end = (heard: boolean) => {
      cancel();
      socket.destroy();
      resolve(heard);
    };
    const cancel = turns.later(() => end(false), ANSWER_MS);
    socket.on("data", () => end(true));
    socket.on("end", () => end(true));
    socket.on("error", () => end(isConnected));
  });
}
