/**
 * What the broker keeps of our topics, as metrics.
 *
 * Invariant: a broker that is away shows nothing, and nobody waits for it but who reads the metrics.
 *
 * @module
 */

import { Gauge, type Registry } from "prom-client";
import { type StreamSize, streamSize } from "shared/bus/jetstream.ts";
import type { NatsBus } from "shared/bus/nats.ts";
import { askedOnce } from "shared/metrics.ts";
import type { KeptStream } from "./stream.ts";

const UNKNOWN: StreamSize = { messages: NaN, bytes: NaN, subjects: NaN, maxBytes: NaN };

/** Asked of the broker whenever the metrics are read. */
export function measureStream(
  registry: Registry,
  bus: Pick<NatsBus, "connection" | "status">,
  stream: Pick<KeptStream, "isThere">,
): void {
  const size = askedOnce(async () =>
    bus.status === "connected" ? await streamSize(bus).catch(() => UNKNOWN) : UNKNOWN
  );
  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    new Gauge({
      name: `fanfare_origin_stream_${name}`,
      help,
      registers: [registry],
      async collect() {
        this.set(await read());
      },
    });
  gauge("present", "1 while the stream is there, as of the last look", () => +stream.isThere);
  gauge("messages", "Messages that the stream keeps", async () => (await size()).messages);
  gauge("bytes", "What they take of the broker's disk", async () => (await size()).bytes);
  gauge("max_bytes", "What they may take", async () => (await size()).maxBytes);
  gauge(
    "subjects",
    "Topics of which the stream keeps a message",
    async () => (await size()).subjects,
  );
}
