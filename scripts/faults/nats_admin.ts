/**
 * What an operator may do to the stream by mistake, and what a disk may do to it.
 *
 * @module
 */

import { jetstreamManager } from "@nats-io/jetstream";
import { dirname, join } from "node:path";
import { CHAT_STREAM } from "shared/topic.ts";
import { connectAsOperator } from "../dev/nats_operator.ts";
import type { State } from "../dev/state.ts";
import type { System } from "../dev/supervised_system.ts";

export class NatsAdmin {
  readonly #state: Pick<State, "nats">;

  constructor(state: Pick<State, "nats">) {
    this.#state = state;
  }

  async hasStream(): Promise<boolean> {
    return await this.#ask(async ({ streams }) => {
      const names = await streams.names().next();
      return names.includes(CHAT_STREAM.name);
    });
  }

  async deleteStream(): Promise<void> {
    await this.#ask(({ streams }) => streams.delete(CHAT_STREAM.name));
  }

  /** The oldest messages beyond it are gone at once. */
  async limitStream(maxBytes: number): Promise<void> {
    await this.#ask(({ streams }) => streams.update(CHAT_STREAM.name, { max_bytes: maxBytes }));
  }

  async #ask<Answer>(
    ask: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<Answer>,
  ): Promise<Answer> {
    const connection = await connectAsOperator(this.#state, { reconnect: false });
    try {
      return await ask(await jetstreamManager(connection));
    } finally {
      await connection.close();
    }
  }
}

/** Kills NATS, and has it start again with nothing that it had stored. */
export async function loseStore(system: System): Promise<void> {
  // It must not write any more while its files go.
  system.signal("nats", "SIGSTOP");
  await Deno.remove(join(dirname(system.logs), "nats/jetstream"), { recursive: true });
  await system.kill("nats");
}
