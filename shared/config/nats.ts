/**
 * The settings of the bus, which both programs read alike.
 *
 * @module
 */

import type { NatsAuth, NatsOptions } from "shared/bus/nats_connect.ts";
import { INBOX_PREFIX, inboxOf } from "shared/bus/permissions.ts";
import type { SettingsReader } from "shared/config/read.ts";

export type NatsConfig = Pick<NatsOptions, "servers" | "auth" | "tls" | "inboxPrefix">;

export function readNatsConfig(read: SettingsReader, program: "edge" | "origin"): NatsConfig {
  const servers = read.list("NATS_URL", {
    about: "The NATS servers, as nats://host:port or tls://host:port",
  });
  const auth = readAuth(read);
  const ca = read.string("NATS_CA", {
    about: "The certificate authority of the NATS servers, as PEM text",
    fallback: null,
  });
  const inboxPrefix = read.string("NATS_INBOX_PREFIX", {
    about:
      "Where answers arrive: _INBOX. and a name, which its user at NATS must be allowed to hear",
    fallback: inboxOf(program),
  });
  if (!INBOX_PREFIX.test(inboxPrefix)) {
    read.fault('NATS_INBOX_PREFIX must be "_INBOX." and a name of letters, digits, "_" and "-"');
  }
  return {
    servers: [...servers],
    ...(auth && { auth }),
    ...(ca !== null && { tls: { ca } }),
    inboxPrefix,
  };
}

function readAuth(read: SettingsReader): NatsAuth | undefined {
  const user = read.string("NATS_USER", { about: "The user at NATS", fallback: null });
  const password = read.string("NATS_PASSWORD", {
    about: "The password of NATS_USER",
    fallback: null,
  });
  const seed = read.string("NATS_NKEY_SEED", {
    about: "The seed of an nkey, in place of NATS_USER",
    fallback: null,
  });
  const creds = read.string("NATS_CREDS", {
    about: "Credentials, the text of a .creds file",
    fallback: null,
  });
  if ((user === null) !== (password === null)) {
    read.fault("NATS_USER and NATS_PASSWORD must be set together");
  }
  const given = [user, seed, creds].filter((one) => one !== null);
  if (given.length > 1) read.fault("NATS_USER, NATS_NKEY_SEED and NATS_CREDS exclude each other");
  if (user !== null && password !== null) return { kind: "password", user, password };
  if (seed !== null) return { kind: "nkey", seed };
  if (creds !== null) return { kind: "creds", creds };
}
