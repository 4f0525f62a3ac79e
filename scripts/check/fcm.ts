/**
 * Whether FCM takes our credentials: a token is fetched, and a push tried that nobody can get.
 *
 * Invariant: the push is a dry run (`validate_only`) to a token that no device has. FCM complains of
 * that token only after it has accepted everything else. Google's words for each fault:
 * https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
 *
 * @module
 */

import {
  type FcmConfig,
  type PushConfig,
  readPem,
  readServiceAccount,
} from "origin/push/config.ts";
import { classifyFcm } from "origin/push/gateway/fcm_answer.ts";
import {
  AccessRefused,
  createAccessTokens,
  type ServiceAccount,
} from "origin/push/gateway/service_account.ts";
import { failure, type Finding, ok } from "./finding.ts";
import { NO_DEVICE } from "./no_device.ts";
import { type CheckDeps, wordsOf } from "./probe.ts";
import { placeOf } from "./place.ts";

const SUBJECT = "fcm";
const FCM_URL = "https://fcm.googleapis.com";

export async function checkFcm(
  fcm: FcmConfig,
  push: PushConfig,
  { nowMs, readText }: CheckDeps,
  signal: AbortSignal,
): Promise<Finding[]> {
  const account = readServiceAccount(fcm.credential, readText);
  const project = fcm.project ?? account.project;
  const ca = push.ca && readPem(push.ca, "PUSH_CA", readText);
  using client = Deno.createHttpClient(ca ? { caCerts: [ca] } : {});
  let accessToken: string;
  try {
    accessToken = await createAccessTokens(account, { client, nowMs }).get();
  } catch (error) {
    return [judgeAccess(error, account)];
  }
  const url = new URL(`/v1/projects/${project}/messages:send`, fcm.url ?? FCM_URL);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
      body: JSON.stringify({
        validate_only: true,
        message: { token: NO_DEVICE, notification: { title: "Fanfare", body: "A check" } },
      }),
      redirect: "error",
      signal,
      client,
    });
    const text = await response.text();
    return [judgeAnswer(response.status, text, project, nowMs())];
  } catch (error) {
    return [unreachable(error, url)];
  }
}

function unreachable(error: unknown, { host }: URL): Finding {
  const says = `Cannot reach FCM at ${host}: ${wordsOf(error)}`;
  return failure(SUBJECT, says, "Let origins reach it on port 443, or correct FCM_URL or PUSH_CA");
}

function judgeAccess(error: unknown, { email, tokenUri }: ServiceAccount): Finding {
  if (!(error instanceof AccessRefused)) return unreachable(error, new URL(tokenUri));
  const says = `Google gives ${email} no access (${error.reason}) at ${placeOf(tokenUri)}`;
  const mend = "Make a new key for the service account in the Google console and set " +
    "FCM_CREDENTIAL to it; if the key is good, this machine's clock is wrong";
  return failure(SUBJECT, says, mend);
}

function judgeAnswer(status: number, text: string, project: string, nowMs: number): Finding {
  const outcome = classifyFcm({ status, body: parsed(text) }, nowMs);
  if (outcome.kind === "sent" || outcome.kind === "prune") {
    return ok(SUBJECT, `takes our credentials for the project ${project}`);
  }
  const { reason } = outcome;
  const says = `refuses the project ${project}: ${reason}`;
  if (status === 403) {
    const mend = "Enable the Firebase Cloud Messaging API for the project, and give the service " +
      "account the role Firebase Cloud Messaging API Admin; or correct FCM_PROJECT";
    return failure(SUBJECT, says, mend);
  }
  if (status === 404) {
    return failure(SUBJECT, says, "Correct FCM_PROJECT: there is no such project");
  }
  if (status === 401) {
    return failure(SUBJECT, says, "Make a new key for the service account, and see the clock");
  }
  return failure(SUBJECT, says, "Check again in a minute: FCM has trouble, or had enough of us");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
