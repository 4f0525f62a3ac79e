/**
 * Tokens that were revoked: nobody is let in by one, and what one let in is ended.
 *
 * Invariant: a connect that begins when a revocation is visible is refused; and a connection that
 * stands is ended by the time at which its edge has proven the revocation's place. Who was never
 * revoked is never told so. Knows nothing of how an edge learns of it.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import { CLOSES } from "shared/wire/codes.ts";
import type { Chronicle } from "../model/chronicle.ts";
import { isCovered, type Issued, type Revocation } from "../model/postgres/revocations.ts";
import type { Tables } from "../model/postgres/tables.ts";
import type { Pipe } from "../model/pipe.ts";
import type { EdgeProcess } from "../real/edge.ts";
import type { Judge } from "./judge.ts";

/** What is looked at of a device's connection. */
interface Connection {
  /** Of its device. */
  readonly name: string;
  /** By which it was let in, or asks to be. */
  readonly token: Issued;
  readonly connected: boolean;
  readonly pipe: Pipe;
}

/** How things stood when a connect began. */
export interface Attempt {
  isRevoked: boolean;
  epoch: string;
}

export class RevocationChecks {
  readonly #tables: Tables;
  readonly #judge: Judge;
  readonly #chronicle: Chronicle;
  /** Also those that a restore has lost: an edge may know them still. */
  readonly #ever: Revocation[] = [];

  constructor(tables: Tables, judge: Judge, chronicle: Chronicle) {
    this.#tables = tables;
    this.#judge = judge;
    this.#chronicle = chronicle;
  }

  readonly stored = (revocation: Revocation): void => void this.#ever.push(revocation);

  /** It was answered that this moment holds, in the epoch in which it was asked for. */
  answered({ user, device, issuedMs: beforeMs }: Issued, epoch: string): void {
    if (epoch !== this.#tables.epoch) return;
    const moment = this.#tables.revocations.momentOf(user, device) ?? 0;
    if (moment >= beforeMs) return;
    this.#judge.fail(`${user} was said to be revoked up to ${beforeMs}, and is up to ${moment}`);
  }

  begun(token: Issued): Attempt {
    return { isRevoked: this.#isRevoked(token, Infinity), epoch: this.#tables.epoch };
  }

  /** It was let in. A restore may have taken back what was revoked. */
  letIn({ isRevoked, epoch }: Attempt, connection: Connection, edge: EdgeProcess): void {
    if (epoch !== this.#tables.epoch) return;
    if (isRevoked) this.#judge.fail(`${connection.name} was let in by a token that is revoked`);
    else this.#checkStanding(connection, edge);
  }

  /** Each connection of an edge, whenever it has proven something. */
  watch(edge: EdgeProcess, connections: () => Iterable<Connection>): void {
    const { ledger } = edge.delivery;
    const { prove } = ledger;
    ledger.prove = (upto) => {
      prove.call(ledger, upto);
      if (this.#tables.revocations.rows.length === 0) return;
      for (const connection of connections()) this.#checkStanding(connection, edge);
    };
  }

  /** Gives whether it was to be expected: who was ever revoked may be refused, or ended. */
  closed({ name, token }: Connection, code: number): boolean {
    const isRevoked = this.#ever.some((revocation) => isCovered(token, revocation));
    if (isRevoked) this.#chronicle.note(`revoked connection ended ${code}`);
    else if (code === CLOSES.invalidToken.code) {
      this.#judge.fail(`${name} was told that its token is no good, though nobody revoked it`);
    }
    return isRevoked;
  }

  #checkStanding(connection: Connection, { process, delivery: { ledger } }: EdgeProcess): void {
    const { connected, pipe, name, token } = connection;
    if (!connected || !pipe.open || !pipe.belongsTo(process)) return;
    if (ledger.epoch !== this.#tables.epoch || !this.#isRevoked(token, ledger.proven)) return;
    this.#judge.fail(`${name} is connected by a revoked token, and its edge has proven that`);
  }

  #isRevoked(token: Issued, upto: Gsid): boolean {
    return this.#tables.revocations.rows.some((row) => row.gsid <= upto && isCovered(token, row));
  }
}
