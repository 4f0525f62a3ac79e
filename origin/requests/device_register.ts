/**
 * `device.register`: `{platform, token, app?}` → `{}`.
 *
 * @module
 */

import { registerDevice } from "../push/devices.ts";
import type { Method } from "./method.ts";

export const deviceRegister: Method = ({ sql }, caller, data) => registerDevice(sql, caller, data);
