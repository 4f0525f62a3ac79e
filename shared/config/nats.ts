/**
 * The settings of the bus, which both programs read alike.
 *
 * @module
 */

import type { NatsAuth, NatsOptions } from "shared/bus/nats_connect.ts";
import type { SettingsReader } from "shared/config/read.ts";

export type NatsConfig = Pick<NatsOptions, "servers" | "auth" | "tls" | "inboxPrefix">;

export function readNatsConfig(read: SettingsReader): NatsConfig {
  const servers = read.list("NATS_URL", {
    about: "The NATS servers, as nats://host:port or tls://host:port",
  });
  const auth = readAuth(read);
  const ca = read.string("NATS_CA", {
    about: "The certificate authority of the NATS servers, as PEM text",
    fallback: null,
  });
  const inboxPrefix = read.string("NATS_INBOX_PREFIX", {
    about: "Where answers arrive; one of its own keeps other programs' eyes out, with permissions",
    fallback: null,
  });
  return {
    servers: [...servers],
    ...(auth && { auth }),
    ...(ca !== null && { tls: { ca } }),
    ...(inboxPrefix !== null && { inboxPrefix }),
  };
}

function readAuth(read: SettingsReader): NatsAuth | undefined {
  const user = read.string("NATS_USER", { about: "The user at NATS", fallback: null });
  const password = read.string("NATS_PASSWORD", { about: "Its password", fallback: null });
  const seed = read.string("NATS_NKEY_SEED", { about: "An nkey's seed", fallback: null });
  const creds = read.string("NATS_CREDS", {
    about: "Credentials, the text of a .creds file",
    fallback: null,
  });
  if ((user === null) !== (password === null)) {
    read.fault("NATS_USER and NATS_PASSWORD must be set together");
  }
  const given = [user, seed, creds].filter((one) => one !== null);
  if (given.length > 1) read.fault("Only one of NATS_USER, NATS_NKEY_SEED, NATS_CREDS may be set");
  if (user !== null && password !== null) return { kind: "password", user, password };
  if (seed !== null) return { kind: "nkey", seed };
  if (creds !== null) return { kind: "creds", creds };
}
