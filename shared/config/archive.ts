/**
 * When a group counts as idle, which both programs must read alike.
 *
 * @module
 */

import type { SettingsReader } from "shared/config/read.ts";

const DAY_MS = 24 * 60 * 60_000;

export function readArchiveAfterMs(read: SettingsReader): number {
  return read.integer("ARCHIVE_AFTER_MS", {
    about: "A group that was silent for so long is not subscribed to; the same everywhere",
    fallback: DAY_MS,
    min: 300,
    max: 3_650 * DAY_MS,
  });
}
