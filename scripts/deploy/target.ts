/**
 * Where releases run: what every target can do, and what each must keep.
 *
 * Invariant: every method may be said again, and then only does what is still to be done; so a
 * command that was interrupted is repeated, and a roll back is a roll like any other. Whoever calls
 * knows nothing of how a target does it, and a target decides nothing of order or of rolling back.
 *
 * @module
 */

import type { Environment } from "shared/config/read.ts";
import type { ProgramKind } from "../dev/start_command.ts";
import type { ReleaseRecord } from "./record.ts";
import type { Release, ReleaseId, ReleaseSettings } from "./release.ts";

export const TARGET_NAMES = ["local", "ssh", "kubernetes", "deno-deploy"] as const;
export type TargetName = (typeof TARGET_NAMES)[number];

/** One process that runs, or is to. */
export interface Replica {
  /** Such as `edge-0`, `edge@chat1` or a pod's name. */
  id: string;
  kind: ProgramKind;
  release: ReleaseId;
}

/** Where one edge, and no other, is reached by a client. */
export interface EdgeAddress {
  /** Its replica's. */
  id: string;
  /** `ws://` or `wss://`, with the path. */
  socket: string;
}

/** What is there. */
export interface Installed {
  /** What each program runs; not there: it does not run. */
  current: Partial<Record<ProgramKind, ReleaseId>>;
  /** Of the releases that are kept. */
  records: readonly ReleaseRecord[];
  replicas: readonly Replica[];
}

/**
 * Looks at a replica that is ready and runs the new release, before the roll goes on; `edge`: where
 * clients reach this very one. It throws when the replica is not to be trusted with users.
 */
export type Judge = (replica: Replica, edge?: EdgeAddress) => Promise<void>;

export interface Target {
  readonly name: TargetName;
  /** In words for the plan, such as `.cache/deploy on this machine`. */
  readonly where: string;
  /** What it can run. */
  readonly runs: readonly ProgramKind[];
  inspect(): Promise<Installed>;
  /**
   * What the replicas of a program are called that are to run, such as `edge-0`: each may have settings
   * of its own. None: they come and go by themselves, and all are told the same.
   */
  replicas(kind: ProgramKind, installed: Installed): readonly string[];
  /**
   * Keeps others from deploying there until it is disposed of. Missing: the platform sees to it.
   *
   * @throws {Error} When another deployment is under way, with who does it.
   */
  lock?(): Promise<AsyncDisposable>;
  /** What whoever deploys should know of a plan for it, such as that one replica cannot be rolled. */
  warnings(installed: Installed, programs: readonly ProgramKind[]): string[];
  /** Brings a release and its settings there, with its packages; nothing of what runs changes. */
  stage(release: Release, programs: readonly ProgramKind[]): Promise<void>;
  /**
   * Runs a task of a staged release there, such as `check` or `migrate`, and resolves to what it
   * printed. Missing: whatever the settings name is reached from this machine as well. `besides`:
   * settings that it has for as long as it runs, and that are stored nowhere.
   *
   * @throws {Error} With its last words, when it fails.
   */
  runTask?(
    release: ReleaseId,
    task: string,
    args: readonly string[],
    besides?: Environment,
  ): Promise<string>;
  /**
   * Replaces the replicas of a program by those of a release that is there, so that clients see a
   * drain and nothing else: one after the other, or as the platform does. Each must be ready, and
   * `judge` content, before the next. Replicas that the release was not made for end.
   *
   * @throws {Error} That says which replica and why, with its last words. Some then run the release,
   *     others still run the one before; none that failed has users.
   */
  roll(kind: ProgramKind, release: ReleaseId, judge: Judge): Promise<void>;
  /** Ends all replicas of a program in good order: when there is nothing to go back to. */
  stop(kind: ProgramKind): Promise<void>;
  /** Of every edge that runs, each by itself. */
  edges(): Promise<readonly EdgeAddress[]>;
  /** The server API of any origin, as `http://host:port`; `undefined`: not from this machine. */
  api(): Promise<string | undefined>;
  /** The settings that a release was staged with, where the target can tell. */
  settingsOf(release: ReleaseId): Promise<ReleaseSettings | undefined>;
  /**
   * Why a program cannot go back to a release that is kept, and what to do instead; `undefined`: it can.
   * Missing: it always can.
   */
  lost?(kind: ProgramKind, release: ReleaseId): Promise<string | undefined>;
  /** Writes down what became of a release; the last record of an id counts. */
  record(record: ReleaseRecord): Promise<void>;
  /** Forgets a release, files, settings and record. */
  remove(release: ReleaseId): Promise<void>;
}
