/**
 * An Upstash store for tests: in this process, with a clock in the test's hand.
 *
 * It serves real HTTP to the real client. Time stands where the test puts it, so nothing expires
 * by itself; every command is recorded, so that a test can count them.
 *
 * @module
 */

import { type Fault, startRedisRest } from "../services/redis_rest/server.ts";
import { plain, type PlainReply } from "../services/redis_rest/reply.ts";

export interface TestRedis extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  /** That of origins. */
  readonly readOnlyToken: string;
  /** Every command that came over HTTP, oldest first; a test may empty it. */
  readonly commands: string[][];
  /** The store's clock, in milliseconds since 1970. */
  now(): number;
  advance(ms: number): void;
  /** What every further request meets; `undefined`: the store again. */
  setFault(fault: Fault | undefined): void;
  /**
   * Asks the store directly, uncounted and whatever the fault.
   *
   * @throws {Error} With what the store refused it for.
   */
  execute(...words: string[]): PlainReply;
}

export interface TestRedisOptions {
  /** Where the clock starts; default: the present. */
  now?: number;
}

export function testRedis(options: TestRedisOptions = {}): TestRedis {
  const token = crypto.randomUUID(), readOnlyToken = crypto.randomUUID();
  const commands: string[][] = [];
  let now = options.now ?? Date.now();
  let fault: Fault | undefined;
  const server = startRedisRest({
    token,
    readOnlyToken,
    now: () => now,
    onCommand: (words) => commands.push(words),
    fault: () => fault,
  });
  return {
    url: server.url,
    token,
    readOnlyToken,
    commands,
    now: () => now,
    advance: (ms) => now += ms,
    setFault: (next) => fault = next,
    execute(...words) {
      const outcome = server.store.execute(words);
      if ("error" in outcome) throw new Error(outcome.error);
      return plain(outcome.result);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
