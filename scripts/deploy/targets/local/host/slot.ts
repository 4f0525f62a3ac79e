/**
 * What should run, and where.
 *
 * A slot is a place for one replica, such as `edge-0`; while it is rolled there are two in it.
 *
 * @module
 */

import type { ProgramKind } from "../../../../dev/start_command.ts";
import type { Address } from "../../../../services/address.ts";
import type { ReleaseId } from "../../../release.ts";

/** A replica, as it is asked for. */
export interface Wanted {
  /** Such as `edge-0`. */
  slot: string;
  kind: ProgramKind;
  release: ReleaseId;
}

/** What a host that was killed comes back with. */
export interface WantedState {
  replicas: Wanted[];
  /** Where the balancers listen. */
  listen: Addresses;
  /** Where those for operators do; not written by hosts of releases before 0.2. */
  internal?: Addresses;
}

export type Addresses = Partial<Record<ProgramKind, Address>>;

/** How a replica is, as the host shows it. */
export interface ReplicaState extends Wanted {
  pid: number;
  port: number;
  internalPort: number;
  isReady: boolean;
  /** It has users, or would have if it were ready. */
  inService: boolean;
  /** Through the balancer. */
  connections: number;
}

export interface HostState extends WantedState {
  pid: number;
  replicas: ReplicaState[];
}

export function slotsOf(kind: ProgramKind, count: number): string[] {
  return Array.from({ length: count }, (_, k) => `${kind}-${k}`);
}

/** What two replicas in a slot are told apart by: a release runs once in it. */
export function keyOf({ slot, release }: Pick<Wanted, "slot" | "release">): string {
  return `${slot} of ${release}`;
}
