/**
 * Reading again what could not be read, for as long as somebody waits for it.
 *
 * Invariant: it ends: with the result, when nobody waits any more, or after `MAX_TRIES`. Pure but
 * for what is handed in.
 *
 * @module
 */

/**
 * Reads of one page before the connection is told to start over. With the pauses between them that
 * is 25 s at least, in which a database fails over: whoever is sent away meanwhile is let in nowhere
 * else, and was better off where it was.
 */
export const MAX_TRIES = 100;

export interface RetryOptions {
  isOver(): boolean;
  /** Resolves when it is time to try again. */
  pause(): Promise<void>;
  giveUp(): void;
}

/** `undefined`: it is over, or was given up. */
export async function retry<Result>(
  read: () => Promise<Result>,
  { isOver, pause, giveUp }: RetryOptions,
): Promise<Result | undefined> {
  for (let tries = 1; !isOver(); tries++) {
    try {
      const result = await read();
      return isOver() ? undefined : result;
    } catch {
      if (tries === MAX_TRIES) return void giveUp();
      await pause();
    }
  }
}
