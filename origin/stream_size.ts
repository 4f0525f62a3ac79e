/**
 * What the broker keeps of our topics, as metrics.
 *
 * Invariant: a broker that is away shows nothing, and nobody waits for it but who reads the metrics.
 *
 * @module
 */

import { Gauge, type Registry } from "prom-client";
import { streamSize } from "shared/bus/jetstream.ts";
import type { NatsBus } from "shared/bus/nats.ts";

const UNKNOWN = { messages: NaN, bytes: NaN, subjects: NaN };

/** Asked of the broker whenever the metrics are read. */
export function measureStream(
  registry: Registry,
  bus: Pick<NatsBus, "connection" | "status">,
): void {
  const gauge = (name: string, help: string) => ({
    name: `fanfare_origin_stream_${name}`,
    help,
    registers: [registry],
  });
  const messages = new Gauge(gauge("messages", "Messages that the stream keeps"));
  const bytes = new Gauge(gauge("bytes", "What they take of the broker's disk"));
  new Gauge({
    ...gauge("subjects", "Topics of which the stream keeps a message"),
    async collect() {
      const size = bus.status === "connected"
        ? await streamSize(bus).catch(() => UNKNOWN)
        : UNKNOWN;
      messages.set(size.messages);
      bytes.set(size.bytes);
      this.set(size.subjects);
    },
  });
}
