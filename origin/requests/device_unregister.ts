/**
 * `device.unregister`: `{platform, token}` → `{}`.
 *
 * @module
 */

import { unregisterDevice } from "../push/devices.ts";
import type { Method } from "./method.ts";

export const deviceUnregister: Method = ({ sql }, caller, data) =>
  unregisterDevice(sql, caller, data);
