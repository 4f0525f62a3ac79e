/**
 * The settings of ports, the internal one of every program among them.
 *
 * @module
 */

import type { SettingsReader } from "shared/config/read.ts";

/** Where health, metrics and drain are served: for operators, never for clients. */
export interface InternalConfig {
  hostname: string;
  port: number;
  /** `null`: whoever reaches the port may drain. */
  adminKey: string | null;
}

const MAX_PORT = 65_535;

export function readInternalConfig(
  read: SettingsReader,
  defaults: { port: number },
): InternalConfig {
  return {
    hostname: read.string("INTERNAL_HOST", {
      about: "The address that the internal port binds to",
      fallback: "127.0.0.1",
    }),
    port: readPort(read, "INTERNAL_PORT", {
      about: "The internal port: health, metrics, drain, and an origin's page for operators",
      fallback: defaults.port,
    }),
    adminKey: read.secret("ADMIN_KEY", {
      about: "What POST /drain and the operator's page ask for; without one, whoever reaches the " +
        "internal port may drain, and the page only shows",
      fallback: null,
    }),
  };
}

export function readPort(
  read: SettingsReader,
  name: string,
  { about, fallback }: { about: string; fallback: number },
): number {
  return read.integer(name, {
    about: `${about}; 0 is any free one`,
    fallback,
    min: 0,
    max: MAX_PORT,
  });
}
