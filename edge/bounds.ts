/**
 * Everything of an edge that grows with use, and what it may grow to.
 *
 * Invariant: whatever an edge keeps of its clients, or asks for them, is in this list and in the
 * table of bounds, which says what happens there; a test compares the two.
 *
 * @module
 */

import type { Bound } from "shared/metrics.ts";
import type { EdgeConfig } from "./config.ts";
import { type Delivery, MAX_CALLS, MAX_WAITING_CONNECTS, SENDS } from "./delivery.ts";
import type { SocketServer } from "./socket/accept.ts";

export function boundsOf(
  { limits, sendBufferBytes }: EdgeConfig,
  server: SocketServer,
  delivery: Delivery,
): Record<string, Bound> {
  const { connections, catchUps, sends, calls, users } = delivery;
  return {
    connections: { size: () => connections.size, limit: limits.maxConnections },
    slowest_socket: {
      size: () => server.measure().maxQueuedBytes,
      limit: sendBufferBytes,
      unit: "bytes",
    },
    catch_ups_running: { size: () => catchUps.inside, limit: limits.catchUps },
    catch_ups_waiting: {
      size: () => catchUps.waiting,
      limit: MAX_WAITING_CONNECTS + limits.maxConnections,
    },
    sends_waiting: { size: () => sends.waiting.sends, limit: SENDS.maxWaiting },
    sends_waiting_bytes: {
      size: () => sends.waiting.bytes,
      limit: SENDS.maxWaitingBytes,
      unit: "bytes",
    },
    calls_in_flight: { size: () => calls.inFlight, limit: MAX_CALLS },
    rates: { size: () => users.size, limit: 2 * limits.maxConnections },
  };
}
