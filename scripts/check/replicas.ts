/**
 * The settings of both programs, as each replica has them.
 *
 * Invariant: what is wrong with several replicas alike is told once, of the first. Pure, but for files
 * that settings name.
 *
 * @module
 */

import type { Environment } from "shared/config/read.ts";
import type { Finding } from "./finding.ts";
import { type Own, programOf } from "./own.ts";
import {
  type Environments,
  type ProgramName,
  type ReadSettings,
  readSettings,
} from "./settings.ts";
import type { ReplicaUser } from "./users.ts";

export interface ReadReplicas extends ReadSettings {
  /** Those that have settings of their own, as far as these can be read. */
  users: ReplicaUser[];
}

/** What one replica is told. */
export function settingsFor(
  environments: Environments & { readonly own?: Own },
  program: ProgramName,
  replica: string | undefined,
): Environment {
  return { ...environments[program], ...(replica !== undefined && environments.own?.[replica]) };
}

/** Those of `own` that run the program. */
export function replicasOf(program: ProgramName, own: Own = {}): string[] {
  return Object.keys(own).filter((replica) => programOf(replica) === program);
}

/** A program's settings are those of its first replica. */
export function readReplicas(
  programs: readonly ProgramName[],
  environments: Environments & { readonly own?: Own },
  readText: (path: string) => string,
): ReadReplicas {
  const read: ReadReplicas = { findings: [], users: [] };
  for (const program of programs) {
    const replicas = replicasOf(program, environments.own);
    if (replicas.length === 0) {
      const { findings, ...settings } = readSettings([program], environments, readText);
      read.findings.push(...findings);
      Object.assign(read, settings);
    }
    for (const id of replicas) {
      const own = { ...environments, [program]: settingsFor(environments, program, id) };
      const { findings, ...settings } = readSettings([program], own, readText);
      read.findings.push(...notYetSaid(findings, read.findings).map((one) => ofReplica(one, id)));
      if (!read[program]) Object.assign(read, settings);
      const nats = settings[program]?.nats;
      if (nats) read.users.push({ id, program, nats });
    }
  }
  return read;
}

function notYetSaid(findings: readonly Finding[], before: readonly Finding[]): Finding[] {
  return findings.filter(({ says }) => !before.some((one) => one.says === says));
}

/** `edge settings` become those of `edge-0`. */
function ofReplica(finding: Finding, id: string): Finding {
  return { ...finding, subject: finding.subject.replace(/^\w+/, id) };
}
