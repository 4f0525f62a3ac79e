/**
 * The setting of how many messages are traced, the same for both programs.
 *
 * @module
 */

import type { SettingsReader } from "shared/config/read.ts";

export function readTraceRatio(read: SettingsReader): number {
  return read.fraction("TRACE_RATIO", {
    about: "The part of the messages that is traced; the same for edges and origins. 0: none",
    fallback: 0,
  });
}
