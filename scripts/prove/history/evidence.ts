/**
 * A history and the truth, made ready for the rules, and what a rule has to say.
 *
 * Invariant: a rule only reads. Every anomaly is counted; of each name some are kept in words. Pure.
 *
 * @module
 */

import type { Anomaly } from "../part.ts";
import type { AnomalyName } from "./anomaly_names.ts";
import type { DeviceHistory, Entry, History } from "./entry.ts";
import { Reach } from "./reach.ts";
import type { TrueEvent, Truth } from "./truth.ts";

/** What may be asked of a run beyond what must always hold. */
export interface Expectations {
  /** How soon a device that is connected must be shown what is committed. Default: no matter. */
  liveWithinMs?: number;
  /** A recipient who has received nothing by then must have been pushed it. Default: the end. */
  pushWithinMs?: number;
  /** Whether nothing that happened excuses a push of what had been received well before. */
  noNeedlessPush?: boolean;
  /** Devices that must have everything at the end: those that are connected. */
  live: ReadonlySet<DeviceHistory>;
}

export interface Evidence {
  history: History;
  truth: Truth;
  expect: Expectations;
  reach: Reach;
  eventOf: ReadonlyMap<number, TrueEvent>;
  sends: readonly SendHistory[];
}

/** Everything that is known of one send, over all its attempts. */
export interface SendHistory {
  device: DeviceHistory;
  id: string;
  conversation: string;
  digest: string;
  /** Of the first attempt. */
  invokedAt: number;
  attempts: number;
  /** Attempts that may have happened although nobody said so. */
  doubtful: number;
  /** The first time. */
  answered?: { at: number; gsid: number; prev: number };
  /** Every gsid that it was ever answered. */
  gsids: Set<number>;
  /** Of each answer that called it new, without `duplicate`: when its attempt was begun. */
  newAt: number[];
  refused?: { at: number; code: number };
}

export function evidenceOf(history: History, truth: Truth, expect: Expectations): Evidence {
  const users = new Set(history.devices.map(({ user }) => user));
  return {
    history,
    truth,
    expect,
    reach: new Reach(truth.events, users),
    eventOf: new Map(truth.events.map((event) => [event.gsid, event])),
    sends: sendsOf(history),
  };
}

/** By user and id: a user may send the same from two devices, and it is one message. */
export function sendsOf(history: Pick<History, "devices">): SendHistory[] {
  const byUser = Map.groupBy(history.devices, ({ user }) => user);
  return [...byUser.values()].flatMap((devices) => {
    const sends = new Map<string, SendHistory>();
    for (const device of devices) {
      /** When the last attempt of each send was begun: a device waits for one at a time. */
      const begun = new Map<string, number>();
      for (const entry of device.entries) {
        if (entry.kind === "send") begun.set(entry.id, entry.at);
        note(sends, device, entry);
        if (entry.kind !== "ok" || entry.duplicate) continue;
        sends.get(entry.id)!.newAt.push(begun.get(entry.id)!);
      }
    }
    return [...sends.values()];
  });
}

function note(sends: Map<string, SendHistory>, device: DeviceHistory, entry: Entry): void {
  if (entry.kind === "send") {
    const { id, conversation, digest, at } = entry;
    const send = sends.get(id) ?? {
      ...{ device, id, conversation, digest, invokedAt: at },
      ...{ attempts: 0, doubtful: 0, gsids: new Set(), newAt: [] },
    };
    send.attempts++;
    send.invokedAt = Math.min(send.invokedAt, at);
    sends.set(id, send);
  } else if (entry.kind === "ok") {
    const send = sends.get(entry.id)!;
    const { at, gsid, prev } = entry;
    if (!send.answered || at < send.answered.at) send.answered = { at, gsid, prev };
    send.gsids.add(gsid);
  } else if (entry.kind === "unknown") sends.get(entry.id)!.doubtful++;
  else if (entry.kind === "refused") {
    const send = sends.get(entry.id)!;
    if (entry.temporary) send.doubtful++;
    else send.refused = { at: entry.at, code: entry.code };
  }
}

const MAX_EXAMPLES = 20;

export class Findings {
  readonly #byName = new Map<AnomalyName, Anomaly>();
  /** What is allowed, and worth a number. */
  readonly counts: Record<string, number> = {};

  add(name: AnomalyName, what: string): void {
    const found = this.#byName.get(name) ?? { name, count: 0, examples: [] };
    found.count++;
    if (found.examples.length < MAX_EXAMPLES) found.examples.push(what);
    this.#byName.set(name, found);
  }

  count(name: string, by = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + by;
  }

  has(name: AnomalyName): boolean {
    return this.#byName.has(name);
  }

  get anomalies(): Anomaly[] {
    return [...this.#byName.values()];
  }
}

export type Rule = (evidence: Evidence, findings: Findings) => void;

/** A device in words. */
export function nameOf({ user, device }: Pick<DeviceHistory, "user" | "device">): string {
  return `${user}/${device}`;
}
