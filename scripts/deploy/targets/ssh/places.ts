/**
 * Which instance runs on which host, and on which ports.
 *
 * Invariant: an instance has one number among all hosts, so that its name is its own everywhere;
 * and of one kind it has the first free port of its host. Pure.
 *
 * @module
 */

import type { ProgramKind } from "../../../dev/start_command.ts";
import { serviceOf } from "./layout.ts";

export interface Place {
  kind: ProgramKind;
  /** As logs and presence call it, such as `edge-0`. */
  id: string;
  /** As systemd does, such as `edge@0`. */
  instance: string;
  service: string;
  host: string;
  /** Of clients, or of the server API. */
  port: number;
  internalPort: number;
}

export interface Wanted {
  hosts: readonly string[];
  replicas: number;
  /** Of the first on each host. */
  port: number;
  internalPort: number;
}

/** One after the other over the hosts. */
export function planPlaces(kind: ProgramKind, wanted: Wanted): Place[] {
  const { hosts, replicas } = wanted;
  return Array.from({ length: replicas }, (_, number) => {
    const nth = Math.floor(number / hosts.length);
    const instance = `${kind}@${number}`;
    return {
      kind,
      id: `${kind}-${number}`,
      instance,
      service: serviceOf(instance),
      host: hosts[number % hosts.length]!,
      port: wanted.port + nth,
      internalPort: wanted.internalPort + nth,
    };
  });
}

export function countsOf(
  replicas: readonly { kind: ProgramKind }[],
): Record<ProgramKind, number> {
  const of = (kind: ProgramKind) => replicas.filter((one) => one.kind === kind).length;
  return { edge: of("edge"), origin: of("origin") };
}

/** Where an instance is; what else it has for itself is said in its settings. */
export function placeSettings(place: Place): Record<string, string> {
  return {
    [place.kind === "edge" ? "EDGE_NAME" : "ORIGIN_NAME"]: place.id,
    PORT: `${place.port}`,
    INTERNAL_PORT: `${place.internalPort}`,
  };
}
