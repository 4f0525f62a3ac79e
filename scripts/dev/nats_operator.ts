/**
 * A connection to the bus of a running system, as its operator: what tests and tools look on by.
 *
 * Invariant: it may hear what programs say to each other, and mend the stream; it cannot speak in
 * anybody's name.
 *
 * @module
 */

import type { ConnectionOptions, NatsConnection } from "@nats-io/transport-node";
import { connectAs } from "./nats_user.ts";
import type { State } from "./state.ts";

export function connectAsOperator(
  state: Pick<State, "nats">,
  options: ConnectionOptions = {},
): Promise<NatsConnection> {
  return connectAs("operator", state, options);
}
