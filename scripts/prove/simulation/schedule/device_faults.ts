/**
 * What befalls devices: the network is gone, they sleep, they move, their apps are set back.
 *
 * @module
 */

import type { Device } from "../clients/device.ts";
import type { World } from "../world.ts";
import type { Action } from "./action.ts";

function befall(what: string, fault: (device: Device) => void): Action["run"] {
  return (world: World) => {
    const { random } = world;
    const connected = world.devices.filter(({ session, asleep }) => session && !asleep);
    if (connected.length === 0) return;
    const device = random.pick(connected);
    world.note(`fault: device ${what}`, device.traits.name);
    fault(device);
  };
}

export const DEVICE_FAULTS: readonly Action[] = [
  { name: "cut a device off", weight: 5, run: befall("cut off", (device) => device.vanish()) },
  { name: "move a device", weight: 5, run: befall("moved", (device) => device.move()) },
  { name: "send a device to sleep", weight: 4, run: befall("asleep", (device) => device.sleep()) },
  {
    name: "wake a device",
    weight: 5,
    run(world) {
      const asleep = world.devices.filter((device) => device.asleep);
      if (asleep.length > 0) world.random.pick(asleep).wake();
    },
  },
  {
    name: "start an app anew",
    weight: 4,
    run: befall("started anew", (device) => device.startAnew()),
  },
  { name: "set an app back", weight: 2, run: befall("set back", (device) => device.setBack()) },
];
