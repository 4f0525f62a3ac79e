/**
 * The files that hold secrets: who else may read them, and whether the origin may.
 *
 * @module
 */

import { resolve } from "node:path";
import type { PushConfig } from "origin/push/config.ts";
import { type Finding, ok, warning } from "./finding.ts";

const SUBJECT = "secret files";
const OTHERS_READ = 0o044;
/** A container's own; whoever may enter it may read them. */
const MOUNTED = "/run/secrets/";

/** Those that a configuration names by their path. */
export function secretFilesOf({ fcm, apns }: PushConfig): string[] {
  return [
    ...(fcm && !fcm.credential.trimStart().startsWith("{") ? [fcm.credential] : []),
    ...(apns && !apns.key.includes("-----BEGIN") ? [apns.key] : []),
  ];
}

/** `readable`: the folders that the origin's own task may read. */
export function checkSecretFiles(
  files: readonly string[],
  readable: readonly string[] | undefined,
): Finding[] {
  const found = files.flatMap((file) => [
    ...judgeMode(file),
    ...(readable && !readable.some((folder) => isWithin(file, folder))
      ? [
        warning(
          SUBJECT,
          `${file} is not where deno task origin may read: ${readable.join(", ")}`,
          `Move it to one of these, or start the origin with --allow-read for it`,
        ),
      ]
      : []),
  ]);
  if (found.length > 0 || files.length === 0) return found;
  return [ok(SUBJECT, `nobody else may read ${files.join(", ")}`)];
}

function judgeMode(file: string): Finding[] {
  const { mode } = Deno.statSync(file);
  if (mode === null || (mode & OTHERS_READ) === 0 || resolve(file).startsWith(MOUNTED)) return [];
  const says = `others on this machine may read ${file}`;
  return [warning(SUBJECT, says, `chmod 600 ${file}, owned by the user that the program runs as`)];
}

function isWithin(file: string, folder: string): boolean {
  return resolve(file).startsWith(`${resolve(folder)}/`);
}

/** What a task's command allows its program to read. */
export function readableBy(command: string): string[] {
  const [, list = ""] = /--allow-read=(\S+)/.exec(command) ?? [];
  return list.split(",").filter((path) => path.startsWith("/"));
}
