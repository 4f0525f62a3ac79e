/**
 * Which tokens a user's devices want to be pushed to.
 *
 * Invariant: a token belongs to one user, the last to register it, and a user has at most
 * `MAX_TOKENS`, of which the oldest gives way. Nothing that a client says here is ever fetched or
 * dialled: hosts and topics are the operator's.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "shared/event.ts";
import { faultInId } from "shared/ids.ts";
import type { Answer, Caller } from "shared/bus/requests.ts";
import { wireError } from "shared/wire/codes.ts";
import type { Sql } from "../store/sql.ts";
import { type Platform, PLATFORMS } from "./gateway/gateway.ts";

export const MAX_TOKENS = 20;
export const MAX_TOKEN_LENGTH = 1024;
/** Printable ASCII, and not only dots: an APNs token is a segment of a path. */
const TOKEN = /^(?!\.+$)[!-~]+$/;

interface Registration {
  platform: Platform;
  token: string;
  app: string | null;
}

/** `device.register`: `{platform, token, app?}` → `{}`. */
export async function registerDevice(sql: Sql, caller: Caller, data: JsonValue): Promise<Answer> {
  const registration = readRegistration(data);
  if (typeof registration === "string") return refuse(registration);
  const { platform, token, app } = registration;
  const { user, device } = caller;
  await sql`
    insert into push_targets (platform, token, user_id, device, app)
    values (${platform}, ${token}, ${user}, ${device}, ${app})
    on conflict (platform, token) do update set user_id = excluded.user_id,
      device = excluded.device, app = excluded.app, registered_at = clock_timestamp()`;
  // By itself, after the other: of several at once, the last to look sees them all.
  await sql`
    delete from push_targets where id in (
      select id from push_targets where user_id = ${user}
      order by registered_at desc, id desc offset ${MAX_TOKENS})`;
  return { result: {} };
}

/** `device.unregister`: `{platform, token}` → `{}`, also when it was not the caller's. */
export async function unregisterDevice(sql: Sql, caller: Caller, data: JsonValue): Promise<Answer> {
  const registration = readRegistration(data);
  if (typeof registration === "string") return refuse(registration);
  const { platform, token } = registration;
  await sql`
    delete from push_targets
    where platform = ${platform} and token = ${token} and user_id = ${caller.user}`;
  return { result: {} };
}

function readRegistration(data: JsonValue): Registration | string {
  if (typeof data !== "object" || data === null || Array.isArray(data)) {
    return "data must be an object";
  }
  const { platform, token, app } = data as JsonObject;
  const known = PLATFORMS.find((name) => name === platform);
  if (!known) return `platform must be ${PLATFORMS.map((name) => `"${name}"`).join(" or ")}`;
  if (typeof token !== "string" || token === "") return "token must be a string that is not empty";
  if (token.length > MAX_TOKEN_LENGTH) {
    return `token must be at most ${MAX_TOKEN_LENGTH} characters`;
  }
  if (!TOKEN.test(token)) return "token must be printable ASCII without spaces";
  const fault = app === undefined || app === null ? undefined : faultInId(app);
  if (fault) return `app ${fault}`;
  return { platform: known, token, app: typeof app === "string" ? app : null };
}

function refuse(message: string): Answer {
  return { error: wireError("badRequest", message) };
}
