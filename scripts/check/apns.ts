/**
 * Whether APNs takes our credentials: a note is sent, by the gateway itself, to no device.
 *
 * Invariant: the device token is one that no device has. APNs complains of it only after it has
 * accepted the provider token, so that BadDeviceToken is the good answer. Apple's words for each fault:
 * https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns
 *
 * @module
 */

import { type ApnsConfig, type PushConfig, readPem } from "origin/push/config.ts";
import { APNS_URL, createApnsGateway } from "origin/push/gateway/apns.ts";
import type { Outcome } from "origin/push/gateway/gateway.ts";
import type { Note } from "origin/push/note.ts";
import type { Gsid } from "shared/gsid.ts";
import type { ConversationId, UserId } from "shared/ids.ts";
import { failure, type Finding, ok } from "./finding.ts";
import { NO_DEVICE } from "./no_device.ts";
import type { CheckDeps } from "./probe.ts";
import { placeOf } from "./place.ts";

const SUBJECT = "apns";

export async function checkApns(
  apns: ApnsConfig,
  push: PushConfig,
  { nowMs, readText }: CheckDeps,
  signal: AbortSignal,
): Promise<Finding[]> {
  const key = readPem(apns.key, "APNS_KEY", readText);
  const ca = push.ca && readPem(push.ca, "PUSH_CA", readText);
  await using gateway = createApnsGateway({ ...apns, key, ca, nowMs });
  const target = { platform: "apns", token: NO_DEVICE } as const;
  return [
    judge(await gateway.send(target, noteAt(nowMs()), signal, () => Promise.resolve(true)), apns),
  ];
}

function judge(outcome: Outcome, { topic, url = APNS_URL }: ApnsConfig): Finding {
  if (outcome.kind === "sent") return ok(SUBJECT, `takes our credentials for ${topic}`);
  const { reason } = outcome;
  if (reason === "BadDeviceToken") return ok(SUBJECT, `takes our credentials for ${topic}`);
  const mend = MENDS[reason];
  if (mend) return failure(SUBJECT, `refuses our credentials for ${topic}: ${reason}`, mend);
  if (outcome.kind === "retry" && outcome.scope === "provider") {
    const says = `Cannot use APNs at ${placeOf(url)}, over HTTP/2: ${reason}`;
    return failure(
      SUBJECT,
      says,
      "Let origins reach it on port 443, or correct APNS_URL or PUSH_CA",
    );
  }
  const general = "Correct APNS_KEY, APNS_KEY_ID, APNS_TEAM and APNS_TOPIC";
  return failure(SUBJECT, `refuses a note for ${topic}: ${reason}`, general);
}

const KEY = "Correct APNS_KEY, APNS_KEY_ID and APNS_TEAM: they belong together, and the key may " +
  "have been revoked";
const TOPIC = "Correct APNS_TOPIC: it is the app's bundle id, of this team";
const ENVIRONMENT = "The key is for the other of sandbox and production: make one for both, or " +
  "correct APNS_URL";

const MENDS: Readonly<Record<string, string>> = {
  InvalidProviderToken: KEY,
  MissingProviderToken: KEY,
  Forbidden: KEY,
  ExpiredProviderToken: "Let NTP set the clock of this machine",
  TopicDisallowed: TOPIC,
  BadTopic: TOPIC,
  DeviceTokenNotForTopic: TOPIC,
  BadEnvironmentKeyInToken: ENVIRONMENT,
  BadCertificateEnvironment: ENVIRONMENT,
  TooManyProviderTokenUpdates: "Check again in 20 minutes: Apple minds new tokens",
};

function noteAt(nowMs: number): Note {
  return {
    user: "fanfare-check" as UserId,
    conversation: "fanfare-check" as ConversationId,
    gsid: 0 as Gsid,
    title: "Fanfare",
    text: "A check",
    collapse: "fanfare-check",
    expiresAtMs: nowMs,
  };
}
