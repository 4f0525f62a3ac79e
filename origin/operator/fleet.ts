/**
 * Which replicas there are, and what each has told of itself lately.
 *
 * Invariant: it holds at most `MAX_REPLICAS`, a minute of figures of each, and whoever fell silent
 * for ten minutes after it, so that one that died is seen. Decides only: beats and clock are handed
 * in. Pure.
 *
 * @module
 */

import type { Beat } from "shared/bus/requests.ts";
import type { Report } from "shared/report.ts";
import { SILENT_AFTER_MS } from "../presence/beats.ts";
import { readReport } from "./read_report.ts";

export interface Replica {
  /** Unique to one start. */
  id: string;
  /** Left out by one of another release, and in the first seconds. */
  report?: Report;
  /** In the order of time; the last is that of the report. */
  samples: readonly Sample[];
  /** Since it was heard last. */
  silentMs: number;
  /**
   * - `heard`: it beats.
   * - `missed`: it has not for a while.
   * - `ended`: likewise, as it had to: it drained, or was started anew under its name.
   */
  pulse: "heard" | "missed" | "ended";
}

export interface Sample {
  /** By the clock of the replica: what came late was not made late. */
  atMs: number;
  figures: Report["figures"];
  spreads: Report["spreads"];
}

interface Member {
  id: string;
  /** Monotonic, both. */
  firstMs: number;
  heardMs: number;
  report?: Report;
  samples: Sample[];
  /** It has said that nobody is there any more. */
  ended: boolean;
}

export const MAX_REPLICAS = 1_000;
const SAMPLED_MS = 60_000;
/** As many as beats have time for, and some that came twice. */
const MAX_SAMPLES = 40;
const REMEMBERED_MS = { missed: 10 * 60_000, ended: 60_000, heard: Infinity };

export class Fleet {
  readonly #nowMs: () => number;
  readonly #members = new Map<string, Member>();

  /** `nowMs`: monotonic. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#members.size;
  }

  heard({ replica: id, report: told, ended }: Omit<Beat, "v">): void {
    if (!this.#members.has(id) && this.size >= MAX_REPLICAS) this.list();
    if (!this.#members.has(id) && this.size >= MAX_REPLICAS) return;
    const nowMs = this.#nowMs();
    const member = this.#members.get(id) ?? {
      ...{ id, firstMs: nowMs, heardMs: nowMs, samples: [], ended: false },
    };
    const report = readReport(told);
    if (report && report.atMs !== member.report?.atMs) {
      const { atMs, figures, spreads } = report;
      const recent = member.samples.filter((one) => Math.abs(atMs - one.atMs) <= SAMPLED_MS);
      member.samples = [...recent, { atMs, figures, spreads }].slice(-MAX_SAMPLES);
    }
    if (report) member.report = report;
    member.heardMs = nowMs;
    member.ended = ended === true;
    this.#members.set(id, member);
  }

  /** All that are heard, or are missed; others are forgotten. */
  list(): Replica[] {
    const replicas = [...this.#members.values()].map((member) => this.#look(member));
    return replicas.filter(({ id, pulse, silentMs }) => {
      if (silentMs <= REMEMBERED_MS[pulse]) return true;
      this.#members.delete(id);
    });
  }

  #look(member: Member): Replica {
    const { id, heardMs, report, samples } = member;
    const silentMs = this.#nowMs() - heardMs;
    const isHeard = silentMs <= SILENT_AFTER_MS && !member.ended;
    const pulse = isHeard
      ? "heard"
      : member.ended || report?.draining || this.#follows(member)
      ? "ended"
      : "missed";
    return { id, samples, silentMs, pulse, ...(report && { report }) };
  }

  /** Whether another took its name since. */
  #follows({ heardMs, report }: Member): boolean {
    return report !== undefined &&
      [...this.#members.values()].some((other) =>
        other.firstMs > heardMs && other.report?.name === report.name &&
        other.report.program === report.program
      );
  }
}

export function nameOf({ id, report }: Replica): string {
  return report?.name ?? id;
}

/** Origins of a release that tells nothing are not heard of; edges are. */
export function programOf({ report }: Replica): Report["program"] {
  return report?.program ?? "edge";
}
