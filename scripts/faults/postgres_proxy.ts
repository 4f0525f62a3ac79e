/**
 * A wire to Postgres that can lose the answer to a commit, and nothing else.
 *
 * Invariant: what is lost was committed: the connection is cut with the whole answer in our hands,
 * none of which its client ever sees.
 *
 * @module
 */

import type { Address } from "../services/address.ts";
import { AppendAnswers } from "./append_answers.ts";
import type { Inspector } from "./connection.ts";
import { join, PostgresFrames } from "./postgres_frames.ts";
import { TcpProxy } from "./tcp_proxy.ts";

export class PostgresProxy extends TcpProxy {
  readonly #losses: Losses;

  constructor(target: Address) {
    const losses = { toCome: 0, done: 0 };
    super(target, { inspector: () => new AnswerLoser(losses) });
    this.#losses = losses;
  }

  /** Of the next so many appends that are committed nobody hears. */
  loseAnswers(times = 1): void {
    this.#losses.toCome = times;
  }

  /** Answers that were lost so far. */
  get lostAnswers(): number {
    return this.#losses.done;
  }
}

/** What all connections of a proxy share. */
interface Losses {
  toCome: number;
  done: number;
}

class AnswerLoser implements Inspector {
  readonly #losses: Losses;
  readonly #asked = new PostgresFrames("client");
  readonly #told = new PostgresFrames("server");
  readonly #answers = new AppendAnswers();

  constructor(losses: Losses) {
    this.#losses = losses;
  }

  inspect(way: "toServer" | "toClient", bytes: Uint8Array) {
    if (way === "toServer") {
      for (const frame of this.#asked.take(bytes)) this.#answers.asked(frame);
      return { pass: bytes, cut: false };
    }
    const passing: Uint8Array[] = [];
    for (const frame of this.#told.take(bytes)) {
      const answer = this.#answers.answered(frame);
      if (answer?.isAppend && this.#losses.toCome > 0) {
        this.#losses.toCome--;
        this.#losses.done++;
        return { pass: join(passing), cut: true };
      }
      passing.push(...(answer?.frames ?? []).map(({ bytes }) => bytes));
    }
    return { pass: join(passing), cut: false };
  }
}
