/**
 * The reads of one connection's catch-ups, each when its turn among all connections has come.
 *
 * Invariant: no more of them reach the origins at once than the edge has places for. A connect is
 * one visit, from its first read to its snapshot, so that what was begun is finished first; it
 * begins in time to be answered, or not at all. Pages, which nobody's time-out waits for, are never
 * refused. A place is not kept while a client is slow to read.
 *
 * @module
 */

import type { Admission, Visit } from "shared/admission.ts";
import { Refused } from "shared/admission.ts";
import type { UserId } from "shared/ids.ts";
import type { Origin } from "./origin.ts";

type Reads = Pick<Origin, "enter" | "catchUp">;

/**
 * The SDK waits 5 s for the answer to a connect, and counts from before we have heard it. The reads
 * that follow take up to a second of that on a busy system, and the presence that is written between
 * them another.
 */
export const PATIENCE_MS = 1_500;

export class PacedReads implements Reads {
  readonly #user: UserId;
  readonly #origin: Reads;
  readonly #admission: Admission<UserId>;
  #visit: Visit | undefined;
  #isOver = false;

  constructor(user: UserId, origin: Reads, admission: Admission<UserId>) {
    this.#user = user;
    this.#origin = origin;
    this.#admission = admission;
  }

  /** Resolves when a connect may begin. @throws {Refused} When too many came before it. */
  async begin(): Promise<void> {
    const visit = this.#visit = this.#admission.visit(this.#user, { patienceMs: PATIENCE_MS });
    if (!await visit.entered) throw new Refused("Cannot begin a connect: too many are under way");
  }

  enter(enter: Parameters<Reads["enter"]>[0]): ReturnType<Reads["enter"]> {
    return this.#origin.enter(enter);
  }

  async catchUp(read: Parameters<Reads["catchUp"]>[0]): ReturnType<Reads["catchUp"]> {
    if (this.#isOver) throw new Refused("Cannot read: the connection has ended");
    const visit = this.#visit ??= this.#admission.visit(this.#user);
    try {
      if (!await visit.entered) throw new Refused("Cannot read: the connection has ended");
      return await this.#origin.catchUp(read);
    } finally {
      visit.end();
      if (this.#visit === visit) this.#visit = undefined;
    }
  }

  /** Nobody waits for them any more. */
  end(): void {
    this.#isOver = true;
    this.#visit?.end();
  }
}
