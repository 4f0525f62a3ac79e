/**
 * A user's devices, looked up for an operator: who is connected, what is registered for push, and
 * how far the user has received. Tokens are not read.
 *
 * @module
 */

import type { JsonObject } from "shared/event.ts";
import type { UserId } from "shared/ids.ts";
import { lastReceived } from "shared/received.ts";
import type { ReceivedPositions } from "../audit/received.ts";
import { UNKNOWN } from "../presence/interpret.ts";
import type { PresenceLookup } from "../presence/lookup.ts";
import type { Sql } from "../store/sql.ts";

export interface DevicesDeps {
  sql: Sql;
  presence: PresenceLookup;
  positions: Pick<ReceivedPositions, "of">;
}

export async function listDevices(
  { sql, presence, positions }: DevicesDeps,
  user: UserId,
): Promise<JsonObject> {
  const [registered, present] = await Promise.all([
    sql<JsonObject[]>`
      select device, platform, app, to_char(registered_at at time zone 'utc',
        'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as registered
      from push_targets where user_id = ${user} order by registered_at desc`,
    presence.lookup([user]),
  ]);
  const { state, devices } = present.get(user) ?? UNKNOWN;
  return {
    devices: [...registered],
    presence: state,
    connected: devices.map(({ device, foreground }) => ({ device, foreground })),
    received: lastReceived(positions.of(user)) || null,
  };
}
