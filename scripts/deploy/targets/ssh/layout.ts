/**
 * Where everything of ours is on a host.
 *
 * Invariant: what runs is what `current` points to, one link for each instance; a release is one
 * folder, whole or not there, and files and settings go back with it alike. Pure.
 *
 * ```
 * releases/ID/app/            its files and packages
 * releases/ID/edge.env        settings, for the eyes of root
 * releases/ID/edge@0.env      what one instance has for itself: its name, its ports, its key at NATS
 * releases/ID/edge@0.start    how it is started: its task, with the addresses that it may reach
 * releases/ID/release.json    what became of it
 * current/edge@0              → ../releases/ID
 * deno/                       what Deno keeps of packages
 * ```
 *
 * @module
 */

import type { ProgramKind } from "../../../dev/start_command.ts";
import type { ReleaseId } from "../../release.ts";

export interface Layout {
  readonly folder: string;
  /** Where systemd looks for units. */
  readonly units: string;
  readonly denoDir: string;
  readonly releases: string;
  /** Of an instance, such as `edge@0`. */
  current(instance: string): string;
  release(id: ReleaseId): string;
  /** While it is brought there. */
  partial(id: ReleaseId): string;
}

export const DEFAULT_FOLDER = "/opt/fanfare";
const UNITS = "/etc/systemd/system";

export function layoutIn(
  folder: string = DEFAULT_FOLDER,
  { units = UNITS, denoDir = `${folder}/deno` }: { units?: string; denoDir?: string } = {},
): Layout {
  return {
    folder,
    units,
    denoDir,
    releases: `${folder}/releases`,
    current: (instance) => `${folder}/current/${instance}`,
    release: (id) => `${folder}/releases/${id}`,
    partial: (id) => `${folder}/releases/.${id}.partial`,
  };
}

export function templateOf(kind: ProgramKind): string {
  return `fanfare-${kind}@`;
}

/** `fanfare-edge@0.service` of `edge@0`. */
export function serviceOf(instance: string): string {
  return `fanfare-${instance}.service`;
}
