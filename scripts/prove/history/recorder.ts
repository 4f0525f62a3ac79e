/**
 * Writes down what happens to a device.
 *
 * Invariant: entries are in the order in which the device's app learned of things, and nothing is
 * left out. Equal contents are one object, so that a delivery costs a few numbers: a run of an hour
 * fits into memory. Knows nothing of sockets.
 *
 * @module
 */

import type { DeviceObserver, Publication, Subscribed } from "testing/client.ts";
import type { Clock } from "./clock.ts";
import { digestOf } from "./digest.ts";
import type { Content, Cursor, DeviceHistory, Entry, History } from "./entry.ts";

type WithoutTime<T> = T extends unknown ? Omit<T, "at"> : never;

export class Recorder {
  readonly #clock: Clock;
  readonly #devices: DeviceRecorder[] = [];
  /** By gsid; more than one of a gsid is an anomaly that the checker will find. */
  readonly #contents = new Map<number, Content[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  device(user: string, device: string, format: string): DeviceRecorder {
    const recorder = new DeviceRecorder({ user, device, format, entries: [] }, {
      now: this.#clock.now,
      intern: (content) => this.#intern(content),
    });
    this.#devices.push(recorder);
    return recorder;
  }

  get history(): History {
    const { originMs } = this.#clock;
    return { originMs, devices: this.#devices.map(({ history }) => history) };
  }

  #intern(content: Content): Content {
    const known = this.#contents.get(content.gsid);
    if (!known) {
      this.#contents.set(content.gsid, [content]);
      return content;
    }
    const same = known.find((one) => one.digest === content.digest);
    if (!same) known.push(content);
    return same ?? content;
  }
}

interface RecorderDeps {
  now(): number;
  intern(content: Content): Content;
}

export class DeviceRecorder implements DeviceObserver {
  readonly history: DeviceHistory;
  readonly #deps: RecorderDeps;
  /** Where the SDK would resume, as it keeps it. */
  #cursor: Cursor | undefined;

  constructor(history: DeviceHistory, deps: RecorderDeps) {
    this.history = history;
    this.#deps = deps;
  }

  get cursor(): Cursor | undefined {
    return this.#cursor && { ...this.#cursor };
  }

  /** The app starts, with a cursor that it had stored or anew. */
  started(since?: Cursor): void {
    this.#cursor = since;
    this.note({ kind: "started", ...(since && { since }) });
  }

  note(entry: WithoutTime<Entry>): void {
    this.history.entries.push({ at: this.#deps.now(), ...entry } as Entry);
  }

  publication({ event, offset }: Publication): void {
    if (offset && this.#cursor) this.#cursor.offset = offset;
    if (event.type === "cursor") this.note({ kind: "cursor", offset: offset ?? 0 });
    if (event.gsid === undefined) return;
    const content = this.#deps.intern(contentOf(event));
    this.note({ kind: "event", content, ...(offset && { offset }) });
  }

  subscribed({ edge, recovered, wasRecovering, position }: Subscribed): void {
    const cursor = this.cursor;
    this.#cursor = { ...position };
    this.note({
      kind: "connected",
      ...{ edge, recovered, wasRecovering, position },
      ...(cursor && { cursor }),
    });
  }

  closed({ code }: { code: number }): void {
    this.note({ kind: "closed", code });
  }
}

export function contentOf(event: {
  type: string;
  gsid?: number;
  conversation?: string;
  prev?: number;
}): Content {
  const { gsid = 0, type, conversation = "", prev = -1 } = event;
  return { gsid, type, conversation, prev, digest: digestOf(event) };
}

/** Of what is sent: the same in every attempt, and in what is stored. */
export function sentDigestOf(conversation: string, body: unknown): string {
  return digestOf([conversation, body]);
}
