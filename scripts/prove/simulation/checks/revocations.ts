/**
 * Tokens that were revoked: nobody is let in by one, and what goes on by one is ended.
 *
 * Invariant: a connect that begins when a revocation is visible is refused, and so is each refresh of
 * the connection by such a token; and a connection that stands is ended by the time at which its edge
 * has proven the revocation's place. Who was never revoked is never told so. Knows nothing of how an
 * edge learns of it.
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
  /** By which it goes on, or asks to: while a refresh is not answered its edge may go by either. */
  readonly tokens: readonly Issued[];
  /** A refresh is not answered. */
  readonly refreshing: boolean;
  readonly connected: boolean;
  readonly pipe: Pipe;
}

/** How things stood when a connect began. */
export interface Attempt {
  isRevoked: boolean;
  epoch: string;
  head: Gsid;
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
    const { epoch, last: head } = this.#tables;
    return { isRevoked: this.#isRevoked(token, head), epoch, head };
  }

  /** It was let in. A restore may have taken back what was revoked. */
  letIn({ isRevoked, epoch }: Attempt, connection: Connection, edge: EdgeProcess): void {
    if (epoch !== this.#tables.epoch) return;
    if (isRevoked) this.#judge.fail(`${connection.name} was let in by a token that is revoked`);
    else this.#checkStanding(connection, edge);
  }

  /** It goes on by another token: of what was revoked before it began, its edge was told. */
  refreshed({ epoch, head }: Attempt, connection: Connection, edge: EdgeProcess): void {
    if (epoch !== this.#tables.epoch) return;
    if (this.#areRevoked(connection, head)) {
      this.#judge.fail(`${connection.name} was refreshed by a token that is revoked`);
    } else this.#checkStanding(connection, edge);
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
  closed({ name, tokens, refreshing }: Connection, code: number): boolean {
    const isRevoked = this.#ever.some((one) => tokens.some((token) => isCovered(token, one)));
    const what = refreshing ? "refresh" : "connection";
    if (isRevoked) this.#chronicle.note(`revoked ${what} ended ${code}`);
    else if (code === CLOSES.invalidToken.code) {
      this.#judge.fail(`${name} was told that its token is no good, though nobody revoked it`);
    }
    return isRevoked;
  }

  #checkStanding(connection: Connection, { process, delivery: { ledger } }: EdgeProcess): void {
    const { connected, pipe, name } = connection;
    if (!connected || !pipe.open || !pipe.belongsTo(process)) return;
    if (ledger.epoch !== this.#tables.epoch) return;
    if (!this.#areRevoked(connection, ledger.proven)) return;
    this.#judge.fail(`${name} is connected by a revoked token, and its edge has proven that`);
  }

  /** Whichever its edge goes by. */
  #areRevoked({ tokens }: Connection, upto: Gsid): boolean {
    return tokens.every((token) => this.#isRevoked(token, upto));
  }

  #isRevoked(token: Issued, upto: Gsid): boolean {
    return this.#tables.revocations.rows.some((row) => row.gsid <= upto && isCovered(token, row));
  }
}
