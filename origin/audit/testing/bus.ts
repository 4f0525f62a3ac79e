/**
 * A bus within one process: what is published is heard at once, by one of each queue.
 *
 * @module
 */

import type { Bus, BusMessage, BusStatus } from "shared/bus/bus.ts";

type Handle = (message: BusMessage) => void;

export class TestBus implements Pick<Bus, "publish" | "subscribe" | "requestMany" | "onStatus"> {
  readonly published: { subject: string; data: Uint8Array }[] = [];
  readonly asked: string[] = [];
  /** What `requestMany` gives. */
  answers: Uint8Array[] = [];
  readonly #handles = new Map<Handle, { subject: string; queue: string | undefined }>();
  readonly #statusHandles: ((status: BusStatus) => void)[] = [];
  #status: BusStatus = "connected";

  get status(): BusStatus {
    return this.#status;
  }

  set status(status: BusStatus) {
    this.#status = status;
    for (const handle of this.#statusHandles) handle(status);
  }

  publish(subject: string, data: Uint8Array): void {
    this.published.push({ subject, data });
    const queues = new Set<string>();
    for (const [handle, to] of this.#handles) {
      if (to.subject !== subject || (to.queue && queues.has(to.queue))) continue;
      if (to.queue) queues.add(to.queue);
      handle({ subject, data, respond: () => {} });
    }
  }

  subscribe(subject: string, handle: Handle, options?: { queue?: string }) {
    this.#handles.set(handle, { subject, queue: options?.queue });
    return { unsubscribe: () => void this.#handles.delete(handle) };
  }

  requestMany(subject: string): Promise<Uint8Array[]> {
    this.asked.push(subject);
    return Promise.resolve(this.answers);
  }

  onStatus(handle: (status: BusStatus) => void): void {
    this.#statusHandles.push(handle);
  }
}

/** Beats that come when the test says so. */
export class TestBeats {
  readonly #tasks = new Set<() => void>();

  readonly every = (task: () => void): () => void => {
    this.#tasks.add(task);
    return () => this.#tasks.delete(task);
  };

  beat(): void {
    for (const task of this.#tasks) task();
  }
}
