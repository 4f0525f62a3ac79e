/**
 * The setting of how much a program logs.
 *
 * @module
 */

import type { SettingsReader } from "shared/config/read.ts";
import { LOG_LEVELS, type LogLevel } from "shared/log.ts";

export function readLogLevel(read: SettingsReader): LogLevel {
  return read.choice("LOG_LEVEL", {
    about: "The least grave lines that are logged",
    of: LOG_LEVELS,
    fallback: "info",
  });
}
