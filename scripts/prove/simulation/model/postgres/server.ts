/**
 * Postgres, as origins reach it: statements, the lock of the log, and what can go wrong with both.
 *
 * Invariant: whoever appends holds the lock from drawing its gsids until they are visible, so the
 * order of gsids is the order in which events become visible. Every statement is a transaction of
 * its own, done at one moment.
 *
 * @module
 */

import postgres from "postgres";
import type { Database } from "origin/database.ts";
import type { Sql } from "origin/store/sql.ts";
import type { Chronicle } from "../chronicle.ts";
import type { Process } from "../process.ts";
import type { Random } from "../random.ts";
import type { Timeline } from "../timeline.ts";
import { Query, type StatementFinder } from "./query.ts";
import type { Limits, Running, Statement, Watch } from "./statement.ts";
import { Tables } from "./tables.ts";

/** What can happen to one statement. */
export type StatementFault =
  /** It never arrives. */
  | "refused connection"
  /** It arrives and is undone: a deadlock, a failover. */
  | "aborted"
  /** The server says that it is wrong, and is wrong itself. */
  | "refused"
  /** It is done, and the answer lost. */
  | "answer lost"
  /** The connection is lost at once, and the statement is done all the same, later. */
  | "done after all"
  /** No answer comes for long, though it was done. */
  | "answer swallowed"
  | "slow"
  /** As anything may be now and then: no fault. */
  | "sluggish";

const LATENCY_MS = { least: 0.2, most: 3 };
const COMMIT_MS = { least: 1, most: 8 };
const SLOW_MS = { least: 200, most: 3_500 };
const SLUGGISH_MS = { least: 30, most: 400 };
const SWALLOWED_MS = 30_000;

export interface PostgresDeps {
  timeline: Timeline;
  random: Random;
  chronicle: Chronicle;
  watch: Watch;
  limits: Limits;
  finder: StatementFinder;
  /** After an append has become visible. */
  onAppended(): void;
}

export class Postgres {
  readonly tables = new Tables();
  readonly #deps: PostgresDeps;
  readonly #ordered = new Map<Statement["kind"], StatementFault[]>();
  #away = false;
  #lockFreeMs = 0;

  constructor(deps: PostgresDeps) {
    this.#deps = deps;
  }

  order(kind: Statement["kind"], fault: StatementFault): void {
    const ordered = this.#ordered.get(kind) ?? [];
    this.#ordered.set(kind, ordered);
    ordered.push(fault);
  }

  goAway(): void {
    this.#away = true;
  }

  comeBack(): void {
    this.#away = false;
    this.#ordered.clear();
  }

  /** The pools of one origin. They never run out of connections here. */
  connect(process: Process): Pick<Database, "commits" | "reads" | "background"> {
    const sql =
      ((strings: TemplateStringsArray, ...values: unknown[]) =>
        new Query(strings, values, (query) => this.#execute(process, query))) as unknown as Sql;
    return { commits: sql, reads: sql, background: sql };
  }

  #execute(process: Process, query: Query): Promise<unknown> {
    const { tables } = this;
    const { watch, limits, timeline, finder, onAppended } = this.#deps;
    const statement = finder.of(query);
    const appends = statement.kind === "append";
    const sent = this.#send(process, statement.kind, (lockedMs) => {
      const running: Running = {
        tables,
        watch,
        limits,
        values: query.values,
        nowMs: timeline.nowMs,
        lockedMs,
      };
      const rows = statement.run(running);
      if (appends) onAppended();
      return rows;
    });
    if (appends) process.reached("in commit");
    return sent;
  }

  /** To the server and back, with whatever befalls it on the way. */
  #send<Rows>(
    process: Process,
    kind: Statement["kind"],
    run: (lockedMs: number) => Rows,
  ): Promise<Rows> {
    const { timeline, random, chronicle } = this.#deps;
    if (!process.alive) return new Promise(() => {});
    const latencyMs = () => random.between(LATENCY_MS.least, LATENCY_MS.most) / 2;
    const fault = this.#away ? "refused connection" : this.#ordered.get(kind)?.shift();
    if (fault && fault !== "sluggish") chronicle.note(`fault: ${kind} ${fault}`);
    return new Promise((resolve, reject) => {
      const fail = (delayMs: number) => void process.after(delayMs, () => reject(errorOf(fault!)));
      if (fault === "refused connection" || fault === "aborted" || fault === "refused") {
        return fail(latencyMs() * 2);
      }
      if (fault === "done after all") fail(latencyMs());
      const slowMs = delayOf(fault, random);
      const late = kind !== "append" || fault === "done after all";
      timeline.after(latencyMs() + (late ? slowMs : 0), () => {
        const done = (lockedMs: number) => {
          const rows = run(lockedMs);
          if (fault === "done after all") return;
          if (fault === "answer lost") return fail(latencyMs());
          const backMs = fault === "answer swallowed" ? SWALLOWED_MS : latencyMs();
          process.after(backMs, () => resolve(rows));
        };
        if (kind !== "append") return done(timeline.nowMs);
        const lockedMs = this.#lock(slowMs);
        timeline.after(this.#lockFreeMs - timeline.nowMs, () => done(lockedMs));
      });
    });
  }

  /** Waits for the log's lock and keeps it; gives when it was got. */
  #lock(slowMs: number): number {
    const { timeline, random } = this.#deps;
    const lockedMs = Math.max(timeline.nowMs, this.#lockFreeMs);
    this.#lockFreeMs = lockedMs + random.between(COMMIT_MS.least, COMMIT_MS.most) + slowMs;
    return lockedMs;
  }
}

function delayOf(fault: StatementFault | undefined, random: Random): number {
  if (fault === "sluggish") return random.between(SLUGGISH_MS.least, SLUGGISH_MS.most);
  if (fault !== "slow" && fault !== "done after all") return 0;
  return random.between(SLOW_MS.least, SLOW_MS.most);
}

function errorOf(fault: StatementFault): Error {
  if (fault === "refused connection") {
    return Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  }
  const state = { aborted: "40P01", refused: "22000" }[fault as string];
  if (state === undefined) {
    return Object.assign(new Error("write CONNECTION_CLOSED"), { code: "CONNECTION_CLOSED" });
  }
  const error = new postgres.PostgresError(fault);
  return Object.assign(error, { code: state });
}
