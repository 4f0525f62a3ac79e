/**
 * Two gates within Postgres, at which a transaction that appends to the log can be held: after its
 * rows are inserted, and when it commits.
 *
 * Invariant: a gate that is open lets everything pass and changes nothing. A transaction that is held
 * keeps the log's lock, so that at most one is held at a time.
 *
 * @module
 */

import postgres from "postgres";
import { waitUntil } from "../services/wait_until.ts";

export type Gate = "after insert" | "in COMMIT";

/** Advisory locks: a transaction passes a gate by taking its lock, shared, and giving it back. */
const LOCKS: Record<Gate, number> = { "after insert": 7230201, "in COMMIT": 7230202 };
const PASS = (gate: Gate) => `
  perform pg_advisory_lock_shared(${LOCKS[gate]});
  perform pg_advisory_unlock_shared(${LOCKS[gate]});
  return null;`;
const HELD_MS = 20_000;

export interface Held {
  /** As the origin calls the connection: its own name, and what it is for. */
  readonly application: string;
  /** Ends the held transaction, as when Postgres finds its client gone: it is rolled back. */
  abort(): Promise<void>;
}

export class AppendGates implements AsyncDisposable {
  readonly #sql: postgres.Sql;

  private constructor(sql: postgres.Sql) {
    this.#sql = sql;
  }

  /** Builds both, open; again, if they were there. */
  static async build(databaseUrl: string): Promise<AppendGates> {
    // One connection, for a lock is held by the session that took it.
    const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
    await sql.unsafe(`
      drop trigger if exists gate_after_insert on events;
      drop trigger if exists gate_in_commit on events;
      create or replace function pass_gate_after_insert() returns trigger language plpgsql volatile as $$
      begin ${PASS("after insert")} end $$;
      create or replace function pass_gate_in_commit() returns trigger language plpgsql volatile as $$
      begin ${PASS("in COMMIT")} end $$;
      create trigger gate_after_insert after insert on events
        for each statement execute function pass_gate_after_insert();
      create constraint trigger gate_in_commit after insert on events deferrable initially deferred
        for each row execute function pass_gate_in_commit();
    `);
    return new AppendGates(sql);
  }

  async close(gate: Gate): Promise<void> {
    await this.#sql`select pg_advisory_lock(${LOCKS[gate]})`;
  }

  async open(gate: Gate): Promise<void> {
    await this.#sql`select pg_advisory_unlock(${LOCKS[gate]})`;
  }

  /** Resolves when a transaction stands at the gate, which must be closed. */
  async held(gate: Gate): Promise<Held> {
    const { pid, application } = await waitUntil(async () => (await this.#waiting(gate))[0], {
      what: `an append to be held ${gate}`,
      withinMs: HELD_MS,
    });
    return {
      application,
      abort: async () => {
        await this.#sql`select pg_terminate_backend(${pid})`;
        const isGone = async () => (await this.#waiting(gate)).every((other) => other.pid !== pid);
        await waitUntil(async () => await isGone() || undefined, {
          what: "the held append to be gone",
          withinMs: HELD_MS,
        });
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sql.end({ timeout: 1 });
  }

  async #waiting(gate: Gate): Promise<{ pid: number; application: string }[]> {
    return await this.#sql<{ pid: number; application: string }[]>`
      select pid, application_name as application
      from pg_locks join pg_stat_activity using (pid)
      where locktype = 'advisory' and objid = ${LOCKS[gate]} and not granted`;
  }
}
