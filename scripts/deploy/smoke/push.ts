/**
 * The whole way of a push, without a phone: to a token that is no device's.
 *
 * Invariant: the provider refuses such a token and says that it is the token's fault, whereupon it is
 * pruned; so whoever sees it gone has seen the job written, taken, sent and judged. Nobody is pushed.
 *
 * @module
 */

import type { PushConfig } from "origin/push/config.ts";
import { callApi } from "../../cli/api.ts";
import { waitUntil } from "../../services/wait_until.ts";
import { device, send, step, type Talk, untilOffline } from "./talk.ts";

const CONNECT_MS = 10_000;
/** A push of somebody who is offline is sent at once; tried again, if need be, after seconds. */
const PRUNED_MS = 20_000;

export interface PushTalk extends Talk {
  platforms: readonly ("fcm" | "apns")[];
  /** Where the server API is, and its key. */
  api: string;
  apiKey: string;
}

export function platformsOf({ fcm, apns }: PushConfig): ("fcm" | "apns")[] {
  return [...(fcm ? ["fcm" as const] : []), ...(apns ? ["apns" as const] : [])];
}

export async function push(options: PushTalk): Promise<void> {
  const { from, to, users: [one, other], platforms, api, apiKey } = options;
  await using ana = device(one, from);
  await using ben = device(other, to);
  await step("nobody can connect", Promise.all([ana.connect(CONNECT_MS), ben.connect(CONNECT_MS)]));
  // No token of any provider has such a character.
  const token = `fanfare-smoke!${crypto.randomUUID()}`;
  const registered = platforms.map((platform) => ben.rpc("device.register", { platform, token }));
  await step("a device cannot be registered", Promise.all(registered));
  try {
    await ben.disconnect();
    await step("whoever has left stays online", untilOffline(ana, ben.user));
    await step("a message is not accepted", send(ana, ben));
    await waitUntil(async () => {
      const { devices } = await callApi<{ devices: unknown[] }>(
        { origins: [{ api }], api_key: apiKey },
        "devices",
        { user: ben.user },
      );
      return devices.length === 0 || undefined;
    }, { what: `the answer of ${platforms.join(" and ")}`, withinMs: PRUNED_MS, everyMs: 100 });
  } catch (error) {
    await ben.connect(CONNECT_MS);
    await Promise.all(
      platforms.map((platform) => ben.rpc("device.unregister", { platform, token })),
    );
    throw error;
  }
}
