/**
 * Histories as files: a JSON line an entry, and the truth that they were judged by.
 *
 * @module
 */

import { join } from "node:path";
import type { DeviceHistory, History } from "./entry.ts";
import type { Truth } from "./truth.ts";

export async function writeHistory(folder: string, history: History): Promise<void> {
  const file = join(folder, "history.jsonl");
  for (const device of history.devices) {
    await Deno.writeTextFile(file, linesOf(device), { append: true });
  }
}

function linesOf({ user, device, format, entries }: DeviceHistory): string {
  return entries.map((entry) => `${JSON.stringify({ user, device, format, ...entry })}\n`).join("");
}

export async function writeTruth(folder: string, truth: Truth): Promise<void> {
  const { epoch, head, events, stays, sent, pushes, replaced } = truth;
  const lines = [
    { epoch, head },
    ...events.map((event) => ({ event })),
    ...stays.map((stay) => ({ stay })),
    ...sent.map((sent) => ({ sent })),
    ...pushes.map((push) => ({ push })),
    ...replaced.map((replaced) => ({ replaced })),
  ];
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  await Deno.writeTextFile(join(folder, "truth.jsonl"), text);
}
