/**
 * A release: the files of one commit together with the settings that they are to run with.
 *
 * Invariant: an id names one release for ever, sorts by its time within a version, and is safe as a
 * file's name and as an image's tag. Pure.
 *
 * @module
 */

import type { Own } from "../check/own.ts";
import { replicasOf } from "../check/replicas.ts";
import type { Environments } from "../check/settings.ts";
import type { ProgramKind } from "../dev/start_command.ts";

/** Such as `0.1.0-20261130T155012Z-74acb41`; what was not committed ends with `-dirty`. */
export type ReleaseId = string;

/** What a release was made from. */
export interface ReleaseOrigin {
  /** That of `shared/version.ts` of these files. */
  readonly version: string;
  /** In full. */
  readonly commit: string;
  /** The work tree was taken, with what is not committed. */
  readonly dirty: boolean;
  /** Wall clock, ms since 1970. */
  readonly atMs: number;
}

/** Of each program, nothing but the settings that it reads; they hold secrets. */
export interface ReleaseSettings extends Environments {
  /** What single replicas are told besides; when one of a program is there, all of them are. */
  readonly own?: Own;
}

export interface Release extends ReleaseOrigin {
  readonly id: ReleaseId;
  readonly environments: ReleaseSettings;
  /** Writes its files into a folder that exists and is empty, without packages. */
  unpack(folder: string): Promise<void>;
}

const ID = /^\d+\.\d+\.\d+(-[a-z0-9.]+)?-\d{8}T\d{6}Z-[0-9a-f]{7}(-dirty)?$/;
const SHORT_COMMIT = 7;

export function releaseIdOf({ version, commit, dirty, atMs }: ReleaseOrigin): ReleaseId {
  const time = new Date(atMs).toISOString().replace(/\.\d+Z$/, "Z").replaceAll(/[-:]/g, "");
  return [version, time, commit.slice(0, SHORT_COMMIT), ...(dirty ? ["dirty"] : [])].join("-");
}

/** Where replicas have settings of their own, a release runs in those that it was made for. */
export function isFor({ own }: ReleaseSettings, kind: ProgramKind, replica: string): boolean {
  const replicas = replicasOf(kind, own);
  return replicas.length === 0 || replicas.includes(replica);
}

export function isReleaseId(text: string): text is ReleaseId {
  return ID.test(text);
}

/** When a release was made, ISO 8601. */
export function timeIn(id: ReleaseId): string {
  const [, year, month, day, hour, minute, second] =
    /-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/.exec(id) ?? [];
  return second === undefined ? "" : `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
}
