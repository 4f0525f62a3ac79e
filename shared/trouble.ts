/**
 * The last warnings and errors of a process, kept for whoever asks what has been wrong lately.
 *
 * Invariant: at most `MAX_KEPT` are kept, of at most `MAX_WORDS` characters, and the same words
 * once, with how often they came. They say no more than the log does, and no topic, which would
 * name a user. Knows nothing of who reads them.
 *
 * @module
 */

import type { Log, LogFields } from "shared/log.ts";
import { hideSubjects } from "shared/topic.ts";

export interface Trouble {
  /** When it came last, in ms since 1970. */
  at: number;
  level: "warning" | "error";
  words: string;
  /** How often these words have come since they are kept. */
  times: number;
}

export const MAX_KEPT = 12;
export const MAX_WORDS = 240;

export class RecentTrouble {
  readonly #nowMs: () => number;
  /** By their words, the latest last. */
  readonly #kept = new Map<string, Trouble>();

  /** `nowMs`: wall clock, ms since 1970. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  add(level: Trouble["level"], said: string): void {
    const words = shortened(hideSubjects(said));
    const times = (this.#kept.get(words)?.times ?? 0) + 1;
    this.#kept.delete(words);
    this.#kept.set(words, { at: this.#nowMs(), level, words, times });
    if (this.#kept.size > MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
  }

  /** The latest first. */
  list(): Trouble[] {
    return [...this.#kept.values()].reverse();
  }
}

/** The same log, of which `recent` keeps what is trouble. */
export function keepingTrouble(log: Log, recent: RecentTrouble): Log {
  return {
    debug: (message, fields) => log.debug(message, fields),
    info: (message, fields) => log.info(message, fields),
    warning(message, fields) {
      recent.add("warning", inWords(message, fields));
      log.warning(message, fields);
    },
    error(message, fields) {
      recent.add("error", inWords(message, fields));
      log.error(message, fields);
    },
  };
}

/** A message that is its error's own, as that of the bus is, is not said twice. */
function inWords(message: string, fields: LogFields = {}): string {
  const details = Object.entries(fields).flatMap(([name, value]) => {
    if (value === undefined || value === null) return [];
    if (!(value instanceof Error)) return [`${name} ${value}`];
    return [value, value.cause].flatMap((error) =>
      error instanceof Error && error.message !== message ? [error.message] : []
    );
  });
  return [message, ...details].join(": ");
}

function shortened(words: string): string {
  return words.length <= MAX_WORDS ? words : `${words.slice(0, MAX_WORDS - 1)}…`;
}
