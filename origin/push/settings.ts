/**
 * The settings of push.
 *
 * Invariant: a platform is configured by all of its settings, or by none. Knows no provider beyond
 * the names of what must be said about it.
 *
 * @module
 */

import type { SettingsReader } from "shared/config/read.ts";
import { type ApnsConfig, faultsInPushConfig, type PushConfig, type ReadText } from "./config.ts";

export interface ReadPushOptions {
  /** Providers may be on plain http. */
  development: boolean;
  readText: ReadText;
}

export interface PushSettingsRead {
  config: PushConfig;
  ttlMs: number;
}

export function readPushSettings(
  reader: SettingsReader,
  options: ReadPushOptions,
): PushSettingsRead {
  const optional = (name: string, about: string) =>
    reader.string(name, { about, fallback: null }) ?? undefined;
  const credential = optional("FCM_CREDENTIAL", "The service account's key file: a path, or JSON");
  const project = optional("FCM_PROJECT", "The Firebase project, if not the service account's");
  const fcmUrl = optional("FCM_URL", "Another address of FCM; https outside development");
  const apns = {
    key: optional("APNS_KEY", "The .p8 key of APNs: a path, or PEM"),
    keyId: optional("APNS_KEY_ID", "The id of APNS_KEY"),
    team: optional("APNS_TEAM", "The id of the Apple team"),
    topic: optional("APNS_TOPIC", "The bundle id of the app"),
  };
  const apnsUrl = optional("APNS_URL", "Another address of APNs; https outside development");
  const ca = optional("PUSH_CA", "A certificate authority to trust besides: a path, or PEM");
  const ttlS = reader.integer("PUSH_TTL_S", {
    about: "A push of a message older than this is given up",
    fallback: 86_400,
    min: 60,
    max: 2_419_200,
  });
  const config: PushConfig = {
    ...(credential && { fcm: { credential, ...(project && { project }), ...urlOf(fcmUrl) } }),
    ...(isWhole(apns, reader) && { apns: { ...apns, ...urlOf(apnsUrl) } }),
    ...(ca && { ca }),
  };
  for (const fault of faultsInPushConfig(config, options)) reader.fault(fault);
  return { config, ttlMs: ttlS * 1000 };
}

type Given<Settings> = { [Name in keyof Settings]: Settings[Name] | undefined };

function isWhole(
  apns: Given<Omit<ApnsConfig, "url">>,
  reader: SettingsReader,
): apns is Omit<ApnsConfig, "url"> {
  const given = Object.values(apns).filter((value) => value !== undefined).length;
  if (given > 0 && given < 4) {
    reader.fault("APNS_KEY, APNS_KEY_ID, APNS_TEAM and APNS_TOPIC must be set together");
  }
  return given === 4;
}

function urlOf(url: string | undefined): { url?: string } {
  return url === undefined ? {} : { url };
}
