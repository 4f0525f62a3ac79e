/**
 * What single replicas of a release are told besides what all are.
 *
 * Invariant: what each replica has for itself, no other is told: a value for all that none of them would
 * use is in no release. When one replica of a program has something, all that are to run are named. Pure.
 *
 * @module
 */

import type { Environment } from "shared/config/read.ts";
import type { Own } from "../check/own.ts";
import type { Environments } from "../check/settings.ts";
import type { ProgramKind } from "../dev/start_command.ts";
import type { ReleaseSettings } from "./release.ts";

/** Of each program; none: its replicas have no names, and are told the same. */
export type Replicas = Readonly<Record<ProgramKind, readonly string[]>>;

/** Whose files are looked for: those without names share one, which is called by their program. */
export function namesOf(kind: ProgramKind, replicas: Replicas): readonly string[] {
  return replicas[kind].length > 0 ? replicas[kind] : [kind];
}

/** `files`: what was found of each name. */
export function withOwn(
  environments: Environments,
  files: Own,
  replicas: Replicas,
): ReleaseSettings {
  const [edge, origin] = (["edge", "origin"] as const).map((kind) =>
    programWithOwn(kind, environments[kind], files, replicas)
  ) as [ProgramWithOwn, ProgramWithOwn];
  const own = { ...edge.own, ...origin.own };
  return {
    ...{ edge: edge.all, origin: origin.all },
    ...(Object.keys(own).length > 0 && { own }),
  };
}

interface ProgramWithOwn {
  all: Environment;
  own: Own;
}

function programWithOwn(
  kind: ProgramKind,
  all: Environment,
  files: Own,
  replicas: Replicas,
): ProgramWithOwn {
  const named = replicas[kind];
  if (named.length === 0) return { all: { ...all, ...files[kind] }, own: {} };
  const own = named.map((replica) => [replica, files[replica] ?? {}] as const);
  if (own.every(([, settings]) => Object.keys(settings).length === 0)) return { all, own: {} };
  const isUsed = (name: string) => own.some(([, settings]) => !(name in settings));
  return {
    all: Object.fromEntries(Object.entries(all).filter(([name]) => isUsed(name))),
    own: Object.fromEntries(own),
  };
}
