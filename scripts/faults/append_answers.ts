/**
 * Which answers of Postgres say that something was appended to the log.
 *
 * Invariant: an answer counts only once it is whole, without an error and outside a transaction:
 * then, and only then, it was committed. Of one connection; it looks at nothing but its frames.
 *
 * @module
 */

import { type PostgresFrame, textsIn } from "./postgres_frames.ts";

const APPENDING = /\b(append_messages|create_group|add_members|remove_members)\s*\(/;

export interface Answer {
  frames: PostgresFrame[];
  /** It tells of an append that was committed. */
  isAppend: boolean;
}

export class AppendAnswers {
  /** Names of prepared statements, and of what is to run next, that append. */
  readonly #statements = new Set<string>();
  readonly #portals = new Set<string>();
  #appends = false;
  /** Whether each answer appends that the client waits for. */
  readonly #awaited: boolean[] = [];
  #answer: PostgresFrame[] = [];

  asked({ type, body }: PostgresFrame): void {
    switch (type) {
      // It is answered once the client is let in.
      case "":
        return void this.#awaited.push(false);
      case "P": {
        const [statement, text] = textsIn(body, 2);
        return note(this.#statements, statement!, APPENDING.test(text!));
      }
      case "B": {
        const [portal, statement] = textsIn(body, 2);
        return note(this.#portals, portal!, this.#statements.has(statement!));
      }
      case "E":
        this.#appends ||= this.#portals.has(textsIn(body, 1)[0]!);
        return;
      case "Q":
        return void this.#awaited.push(APPENDING.test(textsIn(body, 1)[0]!));
      case "S":
        this.#awaited.push(this.#appends);
        this.#appends = false;
    }
  }

  /** The answer that this frame ends; for anything else, what need not wait for an end. */
  answered(frame: PostgresFrame): Answer | undefined {
    const [mayAppend = false] = this.#awaited;
    if (frame.type === "Z") this.#awaited.shift();
    if (!mayAppend) return { frames: [frame], isAppend: false };
    this.#answer.push(frame);
    if (frame.type !== "Z") return;
    const frames = this.#answer;
    this.#answer = [];
    const isIdle = String.fromCharCode(frame.body[0]!) === "I";
    return { frames, isAppend: isIdle && frames.every(({ type }) => type !== "E") };
  }
}

function note(names: Set<string>, name: string, belongs: boolean): void {
  if (belongs) names.add(name);
  else names.delete(name);
}
