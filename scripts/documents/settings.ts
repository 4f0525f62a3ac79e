/**
 * The tables of settings, as their readers have them.
 *
 * Invariant: a row is what its reader registered, so the table cannot say anything else.
 *
 * @module
 */

import { readEdge } from "edge/config.ts";
import { readOrigin } from "origin/config.ts";
import { type Setting, settingsOf } from "shared/config/read.ts";
import { readMigrate } from "../migrate/settings.ts";

/** Markdown: one table for each program, and one for `deno task migrate`. */
export function settingsTables(): string {
  return [
    ["Edge", settingsOf(readEdge)] as const,
    ["Origin", settingsOf(readOrigin)] as const,
    ["Migrate", settingsOf(readMigrate)] as const,
  ].map(([program, settings]) => `## ${program}\n\n${table(settings)}`).join("\n\n");
}

function table(settings: readonly Setting[]): string {
  const rows = settings.map(({ name, expects, fallback, about }) =>
    `| \`${name}\` | ${cell(expects)} | ${fallback === undefined ? "required" : cell(fallback)} | ${
      cell(about)
    } |`
  );
  return ["| name | expects | default | what it is |", "|---|---|---|---|", ...rows].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

if (import.meta.main) console.log(settingsTables());
