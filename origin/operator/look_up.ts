/**
 * Looking up a user, a device or a message, by the methods of the server API.
 *
 * Invariant: it reads only, and answers with what the page shows: no body, no token. What cannot be
 * found or told is said in words.
 *
 * @module
 */

import type { JsonObject } from "shared/event.ts";
import type { Gsid } from "shared/gsid.ts";
import type { ApiDeps } from "../api/method.ts";
import { METHODS } from "../api/methods.ts";

export interface FoundUser {
  user: string;
  presence: "online" | "offline" | "unknown";
  devices: FoundDevice[];
  conversations: { conversation: string; last: Gsid }[];
  /** Up to where everything is known to have been received, on some device. */
  received?: Gsid;
}

export interface FoundDevice {
  device: string;
  /** Left out when it is not, or when that cannot be told. */
  connected?: "in use" | "in the background";
  /** Each registration in words. */
  push: string[];
}

export interface FoundMessage {
  gsid: Gsid;
  type: string;
  conversation: string;
  at: string;
  sender: string | null;
  id: string | null;
  lateCheck: string;
  recipients: { user: string; presence: string; received: string; push: string }[];
  more: boolean;
}

/** What it is, or why it cannot be told. */
export type Found<What> = { found: What } | { error: string };

/** What the methods answer, as far as it is shown. */
interface Devices {
  devices: { device: string; platform: string; app: string | null; registered: string }[];
  received?: Gsid | null;
}
type Presence = Record<
  string,
  { online: boolean; unknown?: true; devices: { device: string; foreground: boolean }[] }
>;
interface Traced extends Omit<FoundMessage, "recipients"> {
  recipients: { user: string; presence: string; received: string; push: TracedPush }[];
}
type TracedPush =
  | { state: "none"; why: string }
  | { state: string; attempts: number; reason?: string };

const MAX_CONVERSATIONS = 10;

/** With `device`, only that one. */
export async function lookUpUser(
  deps: ApiDeps,
  { user, device }: { user: string; device?: string | undefined },
): Promise<Found<FoundUser>> {
  const [presence, registered, mine] = await Promise.all([
    ask<Presence>(deps, "presence", { users: [user] }),
    ask<Devices>(deps, "devices", { user }),
    ask<Pick<FoundUser, "conversations">>(deps, "conversations", {
      user,
      limit: MAX_CONVERSATIONS,
    }),
  ]);
  // First, for its words name the field as the operator knows it: `presence` was asked of a list.
  if ("error" in registered) return registered;
  if ("error" in presence) return presence;
  if ("error" in mine) return mine;
  const { online, unknown, devices: connected } = presence.found[user]!;
  const { devices, received } = registered.found;
  const all = devicesOf(connected, devices);
  return {
    found: {
      user,
      presence: unknown ? "unknown" : online ? "online" : "offline",
      devices: device === undefined ? all : all.filter((one) => one.device === device),
      conversations: mine.found.conversations,
      ...(received && { received }),
    },
  };
}

function devicesOf(
  connected: Presence[string]["devices"],
  registered: Devices["devices"],
): FoundDevice[] {
  const names = [...connected, ...registered].map(({ device }) => device);
  return [...new Set(names)].map((device) => {
    const mine = connected.filter((one) => one.device === device);
    const inUse = mine.some(({ foreground }) => foreground);
    return {
      device,
      ...(mine.length > 0 && { connected: inUse ? "in use" : "in the background" }),
      push: registered.filter((one) => one.device === device).map(
        ({ platform, app, registered }) =>
          `${platform}${app === null ? "" : ` of ${app}`}, since ${registered.slice(0, 10)}`,
      ),
    };
  });
}

export async function lookUpMessage(
  deps: ApiDeps,
  { gsid }: { gsid: Gsid },
): Promise<Found<FoundMessage>> {
  const traced = await ask<Traced>(deps, "trace", { gsid });
  if ("error" in traced) return traced;
  const recipients = traced.found.recipients.map((one) => ({
    ...one,
    push: pushInWords(one.push),
  }));
  return { found: { ...traced.found, recipients } };
}

function pushInWords(push: TracedPush): string {
  if ("why" in push) return `none: ${push.why}`;
  const { state, attempts, reason } = push;
  const tries = attempts === 1 ? "" : `, tried ${attempts} times`;
  return `${state}${tries}${reason === undefined ? "" : `: ${reason}`}`;
}

async function ask<Result extends object>(
  deps: ApiDeps,
  name: string,
  data: JsonObject,
): Promise<Found<Result>> {
  const method = METHODS.find((one) => one.name === name);
  if (!method) return { error: `There is no method ${name} in this release` };
  const answer = await method.run(deps, data);
  return "error" in answer
    ? { error: answer.error.message }
    : { found: answer.result as unknown as Result };
}
