/**
 * A connection to the bus of a running system, as one of those who may use it.
 *
 * Invariant: it may do what that user's role may, and no more. Knows nothing of the roles.
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
export function connectAs(
  name: string,
  { nats: { url, users } }: Pick<State, "nats">,
  options: ConnectionOptions = {},
): Promise<NatsConnection> {
  const user = users[name];
  return connect({
    ...options,
    servers: url,
    ...(user && {
      authenticator: nkeyAuthenticator(new TextEncoder().encode(user.nkey_seed)),
      inboxPrefix: user.inbox_prefix,
    }),
  });
}
