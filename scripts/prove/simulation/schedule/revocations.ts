/**
 * Tokens are revoked, as the operator of an application does: of a user or of one device, all or
 * those of before a moment. And connections are refreshed, by good ones or not, also just then.
 *
 * @module
 */

import type { DeviceId, UserId } from "shared/ids.ts";
import type { Device } from "../clients/device.ts";
import { KEPT_TOKENS } from "../clients/credentials.ts";
import type { World } from "../world.ts";
import type { Action } from "./action.ts";
import { connected } from "./users.ts";

const OF_A_DEVICE = 0.3, OF_BEFORE = 0.3;
const BEFORE_MS = 30_000;
/** About as long as a revocation takes to the connections that it ends. */
const JUST_THEN_MS = 120;

interface Which {
  user: UserId;
  device?: DeviceId;
  beforeMs?: number;
}

export const REVOCATIONS: readonly Action[] = [
  {
    name: "revoke tokens",
    weight: 2,
    run(world) {
      const { random, timeline } = world;
      const { user, name } = random.pick(world.devices).traits;
      const beforeMs = Math.floor(timeline.nowMs) - random.int(BEFORE_MS);
      revoke(world, {
        user,
        ...(random.chance(OF_A_DEVICE) && { device: name as DeviceId }),
        ...(random.chance(OF_BEFORE) && { beforeMs }),
      });
    },
  },
  {
    name: "refresh a token",
    weight: 3,
    run(world) {
      const device = connected(world);
      if (device) refresh(world, device);
    },
  },
  {
    name: "refresh while tokens are revoked",
    weight: 1,
    run(world) {
      const device = connected(world);
      if (!device) return;
      revoke(world, { user: device.traits.user });
      world.timeline.after(world.random.int(JUST_THEN_MS), () => refresh(world, device));
    },
  },
];

function refresh({ random }: World, device: Device): void {
  device.refresh(random.pick(KEPT_TOKENS));
}

/** `done`: it is answered, with the moment from which on tokens are good. */
export function revoke(
  world: World,
  { user, device, beforeMs }: Which,
  done: (beforeMs: number) => void = () => {},
): void {
  const { random, chronicle, revocations, truth: { epoch } } = world;
  const origin = random.pick(world.origins);
  if (!origin.process.alive) return;
  const asked = {
    user,
    ...(device !== undefined && { device }),
    ...(beforeMs !== undefined && { before: beforeMs / 1000 }),
  };
  origin.api.revoke(asked).then((answer) => {
    if ("error" in answer) return chronicle.note("revoke refused");
    const moment = Math.round(answer.result.before * 1000);
    chronicle.note(
      device === undefined ? "user revoked" : "device revoked",
      moment,
      () => `${user} ${device ?? ""} before ${moment}`,
    );
    revocations.answered({ user, device: device ?? "", issuedMs: moment }, epoch);
    done(moment);
  }, () => chronicle.note("revoke failed"));
}
