/**
 * What users and their devices do, none of which is a fault.
 *
 * @module
 */

import type { JsonObject } from "shared/event.ts";
import type { GroupId } from "shared/ids.ts";
import type { Device } from "../clients/device.ts";
import { GROUPS, USERS, type World } from "../world.ts";
import type { Action } from "./action.ts";

/** One that is connected and awake. */
export function connected(world: World): Device | undefined {
  const devices = world.devices.filter(({ session, asleep }) => session && !asleep);
  return devices.length > 0 ? world.random.pick(devices) : undefined;
}

function any({ devices, random }: World): Device {
  return random.pick(devices);
}

function group({ random }: World): GroupId {
  // Most of what happens, happens in one.
  return GROUPS[random.chance(0.8) ? 0 : 1]!;
}

function change(method: string, withMembers: boolean): Action["run"] {
  return (world) => {
    const members = [world.random.pick(USERS), world.random.pick(USERS)];
    const data = { group: group(world), ...(withMembers && { members }) };
    connected(world)?.call(method, data, (answer) => {
      const how = "error" in answer ? ` answered ${answer.error.code}` : "";
      world.chronicle.note(`${method}${how}`);
    });
  };
}

export const USERS_DO: readonly Action[] = [
  { name: "connect", weight: 16, run: (world) => any(world).connect() },
  { name: "disconnect", weight: 5, run: (world) => any(world).disconnect() },
  { name: "show", weight: 5, run: (world) => any(world).show(true) },
  { name: "hide", weight: 5, run: (world) => any(world).show(false) },
  { name: "ack", weight: 10, run: (world) => connected(world)?.ack() },
  {
    name: "send to a user",
    weight: 11,
    run: (world) => any(world).outbox.send({ user: world.random.pick(USERS) }),
  },
  {
    name: "send to a group",
    weight: 15,
    run: (world) => any(world).outbox.send({ group: group(world) }),
  },
  {
    name: "send by two devices",
    weight: 3,
    run(world) {
      const { random, devices } = world;
      const one = any(world);
      const { user } = one.traits;
      const others = devices.filter((device) => device !== one && device.traits.user === user);
      const to = random.chance(0.5) ? { user: random.pick(USERS) } : { group: group(world) };
      one.outbox.sendWith(random.pick(others).outbox, to);
      world.note("sent by two devices");
    },
  },
  { name: "repeat a send", weight: 3, run: (world) => any(world).outbox.repeat() },
  { name: "reuse an id", weight: 1, run: (world) => any(world).outbox.reuse() },
  { name: "create a group", weight: 3, run: change("group.create", true) },
  { name: "add to a group", weight: 7, run: change("group.add", true) },
  { name: "remove from a group", weight: 6, run: change("group.remove", true) },
  { name: "leave a group", weight: 3, run: change("group.leave", false) },
  { name: "save", weight: 5, run: (world) => any(world).save() },
  {
    name: "register a push token",
    weight: 2,
    run(world) {
      const device = connected(world);
      const token = `t-${device?.traits.user}`;
      device?.call("device.register", { platform: "fcm", token });
    },
  },
  {
    name: "alert everybody",
    weight: 2,
    run(world) {
      const origin = world.random.pick(world.origins);
      if (!origin.process.alive) return;
      const body: JsonObject = { text: "maintenance" };
      origin.api.alert(`alert ${world.newNumber()}`, body).catch(() => {});
    },
  },
];
