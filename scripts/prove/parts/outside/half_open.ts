/**
 * Phones that are gone without a word: their connections stay open, and nothing arrives any more.
 *
 * @module
 */

import { TcpProxy } from "../../../faults/tcp_proxy.ts";
import type { Way } from "../../../faults/faults.ts";
import { addressOf, hostOf } from "../../../services/address.ts";
import { PresenceProbe } from "../../presence_probe.ts";
import type { Outside } from "./scene.ts";

const PHONES = 12;
/** `undefined`: both ways. */
const WAYS: readonly (Way | undefined)[] = ["toServer", "toClient", undefined];
const OFFLINE_MS = 60_000;

/** Ping, pong, and a second in which it is looked at. */
export const HALF_OPEN_LIMITS = { half_open_offline_max_ms: 25_000 + 8_000 + 2_000 };

export async function leaveHalfOpen({ stage, notes }: Outside): Promise<void> {
  const { system, population } = stage;
  const { ws } = system.state.edges[1]!;
  await using proxy = new TcpProxy(addressOf(ws));
  const edges = [ws.replace(hostOf(addressOf(ws)), hostOf(proxy.address))];
  const phones = Array.from(
    { length: PHONES },
    (_, k) => population.guest(`half-open-${k}`, "phone", { edges }),
  );
  for (const phone of phones) phone.start();
  await population.untilConnected(phones);
  await Promise.all(phones.map((phone) => phone.register(`token-of-${phone.user}`)));

  await proxy.refuse();
  proxy.connections.forEach((connection, k) => connection.swallow(WAYS[k % WAYS.length]));
  const since = stage.now();
  const probe = new PresenceProbe(system);
  for (const { user } of phones) await probe.untilOrigins("offline", user, OFFLINE_MS);
  notes.max("half_open_offline_max_ms", stage.now() - since);
  const caller = population.guest("caller", "phone");
  caller.start();
  await Promise.all(
    phones.map(({ user }) => caller.send({ user }, `to-${user}`, { text: "Are you there?" })),
  );
  caller.stop();
  // The proxy goes now; they come back without it when it is judged whether they were pushed.
  for (const phone of phones) population.putToSleep(phone, [ws]);
  notes.count("half_open", PHONES);
}
