/**
 * A connection to the bus of a running system, as its operator: what tests and tools look on by.
 *
 * Invariant: it may hear what programs say to each other, and mend the stream; it cannot speak in
 * anybody's name.
 *
 * @module
 */

import {
  connect,
  type ConnectionOptions,
  type NatsConnection,
  nkeyAuthenticator,
} from "@nats-io/transport-node";
import type { State } from "./state.ts";

/** A NATS that ran before the system asks nobody who they are, or is asked in vain. */
export function connectAsOperator(
  { nats: { url, users: { operator } } }: Pick<State, "nats">,
  options: ConnectionOptions = {},
): Promise<NatsConnection> {
  return connect({
    ...options,
    servers: url,
    ...(operator && {
      authenticator: nkeyAuthenticator(new TextEncoder().encode(operator.nkey_seed)),
      inboxPrefix: operator.inbox_prefix,
    }),
  });
}
