/**
 * A pool of the driver's that is followed by a new one once a session has ended amid a statement.
 *
 * Invariant: no session begins with what another left behind. The driver (postgres 3.4.9) keeps
 * with a connection what its session was at when it ended: the statement, the server's last error,
 * how many rows there were. The next session of that connection takes the error for its own, and
 * thereby skips the look whether its server is a standby; its errors are kept from whoever waits;
 * and its first answer begins with as many holes as there were rows. So a connection whose session
 * ended amid a statement gets no other. Knows nothing of what is asked.
 *
 * @module
 */

import postgres from "postgres";
import { pause } from "shared/pause.ts";

interface Pool {
  // deno-lint-ignore no-explicit-any
  (...args: any[]): unknown;
  unsafe(text: string): unknown;
  end(options?: { timeout?: number }): Promise<void>;
}

/** Makes a pool that calls back whenever a connection of it has ended. */
type Open<Driver> = (onClose: () => void) => Driver;

/** What the driver knows a statement as. A fragment of one is such, too, but never handed on. */
interface Statement extends Promise<unknown> {
  /** Is given it when somebody waits for it. */
  handler: (statement: Statement) => void;
  /** The session that has it. */
  state: object | null;
  reject: (error: Error) => void;
  cancel: () => void;
}

/** The server gives a statement up sooner. */
const SETTLE_MS = 5_000;
const CLOSE_S = 0.5;

export function renewed<Driver extends Pool>(open: Open<Driver>): Driver {
  const leaving = new Set<Promise<void>>();
  let isOver = false;
  const begin = (): Generation<Driver> =>
    new Generation(open, () => {
      if (isOver) return;
      const gone = current.leave();
      current = begin();
      leaving.add(gone);
      gone.finally(() => leaving.delete(gone));
    });
  let current = begin();
  const unsafe = (...args: Parameters<Pool["unsafe"]>) =>
    current.watched(current.driver.unsafe(...args));
  const end: Pool["end"] = async (options) => {
    isOver = true;
    await Promise.all([...leaving, current.driver.end(options)]);
  };
  const ours = new Map<string | symbol, unknown>(Object.entries({ unsafe, end }));
  return new Proxy(function () {} as unknown as Driver, {
    apply: (_target, _self, args) => current.watched(current.driver(...args)),
    get: (_target, name) => ours.get(name) ?? Reflect.get(current.driver, name),
  });
}

/** One pool of the driver's, until a session of it has ended amid a statement. */
class Generation<Driver extends Pool> {
  readonly driver: Driver;
  readonly #asked = new Set<Statement>();
  #isTorn = false;
  #isLeft = false;

  constructor(open: Open<Driver>, onTorn: () => void) {
    this.driver = open(() => {
      // Whether it was that connection that had a statement is not to be seen.
      this.#isTorn ||= [...this.#asked].some(isSent);
      if (this.#isTorn && !this.#isLeft) onTorn();
    });
  }

  /** Whatever the driver made, which it keeps an eye on if it is a statement. */
  watched<Made>(made: Made): Made {
    if (!isStatement(made)) return made;
    const { handler } = made;
    made.handler = (statement) => {
      if (this.#isLeft) return statement.reject(ended());
      this.#watch(statement);
      handler(statement);
    };
    return made;
  }

  /** What has been sent is answered; what waits would be sent from where a session has ended. */
  async leave(): Promise<void> {
    this.#isLeft = true;
    for (const statement of this.#asked) {
      if (isSent(statement)) continue;
      statement.reject(ended());
      statement.cancel();
    }
    const settled = new AbortController();
    const all = Promise.allSettled(this.#asked);
    await Promise.race([all, pause(SETTLE_MS, settled.signal)]);
    settled.abort();
    // Left alone, the driver waits for the statement that no session has any more.
    await this.driver.end({ timeout: CLOSE_S });
  }

  #watch(statement: Statement): void {
    this.#asked.add(statement);
    const settle = () => this.#asked.delete(statement);
    statement.then(settle, (error) => {
      settle();
      // A socket fails before it closes, and then nobody waits for the statement any more.
      this.#isTorn ||= isSent(statement) && !(error instanceof postgres.PostgresError);
    });
  }
}

function isStatement(made: unknown): made is Statement {
  return made instanceof Promise && "handler" in made;
}

function isSent({ state }: Statement): boolean {
  return state !== null;
}

function ended(): Error {
  const error = new Error("Cannot ask Postgres: a session has ended, and its pool with it");
  return Object.assign(error, { code: "CONNECTION_ENDED" });
}
