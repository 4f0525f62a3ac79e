/**
 * The template units of systemd, `fanfare-edge@.service` and `fanfare-origin@.service`, as text.
 *
 * Invariant: a unit holds no secret (whoever is on the host may read it): settings are in a file
 * that systemd alone opens. A program may write nothing but what it prints, is nobody, and is given
 * longer to end than it takes to drain. Pure.
 *
 * @module
 */

import type { ProgramKind } from "../../../dev/start_command.ts";
import { type Layout, templateOf } from "./layout.ts";

export interface UnitOptions {
  layout: Layout;
  /** Of the host, such as 252: what an older one does not know is left out. */
  systemdVersion: number;
  /** How long the program takes to drain. */
  drainMs: number;
}

/** Beyond the drain: last answers, reports and the farewell to NATS and Postgres. */
const STOP_MARGIN_S = 15;
/** A socket each, and files; as many as an edge may be told to hold. */
const OPEN_FILES = 1_048_576;
/** The first systemd that waits longer each time. */
const BACKS_OFF = 254;

/** Of a drain that a release does not set. */
export function stopSeconds(drainMs: number): number {
  return Math.ceil(drainMs / 1000) + STOP_MARGIN_S;
}

export function unitOf(kind: ProgramKind, options: UnitOptions): string {
  return [
    section("Unit", {
      Description: `Fanfare ${kind} %i`,
      Wants: "network-online.target",
      After: "network-online.target",
      // However often it ends, it is started again.
      StartLimitIntervalSec: "0",
    }),
    section("Service", {
      ...programOf(kind, options),
      ...endOf(options),
      ...restartOf(options),
      ...CONFINED,
    }),
    section("Install", { WantedBy: "multi-user.target" }),
  ].join("\n");
}

function programOf(kind: ProgramKind, { layout }: UnitOptions): Fields {
  const name = `${kind}@%i`;
  const current = layout.current(name);
  return {
    Type: "exec",
    DynamicUser: "yes",
    User: `fanfare-${kind}`,
    WorkingDirectory: `${current}/app`,
    EnvironmentFile: [`${current}/${kind}.env`, `${current}/${name}.env`],
    Environment: [`DENO_DIR=${layout.denoDir}`, "DENO_NO_UPDATE_CHECK=1"],
    ExecStart: `${current}/${name}.start`,
    StandardOutput: "journal",
    StandardError: "journal",
    SyslogIdentifier: templateOf(kind).replace("@", "-%i"),
    LimitNOFILE: `${OPEN_FILES}`,
    UMask: "0077",
  };
}

/** The program alone is asked, and all that is left of it is killed. */
function endOf({ drainMs }: UnitOptions): Fields {
  return {
    KillSignal: "SIGTERM",
    KillMode: "mixed",
    TimeoutStartSec: "30s",
    TimeoutStopSec: `${stopSeconds(drainMs)}s`,
  };
}

function restartOf({ systemdVersion }: UnitOptions): Fields {
  return {
    Restart: "always",
    RestartSec: "1s",
    ...(systemdVersion >= BACKS_OFF && { RestartSteps: "5", RestartMaxDelaySec: "30s" }),
    // Its settings are faulty: the next start would say the same.
    RestartPreventExitStatus: "2",
  };
}

/** Not MemoryDenyWriteExecute: V8 compiles. */
const CONFINED: Fields = {
  NoNewPrivileges: "yes",
  CapabilityBoundingSet: "",
  AmbientCapabilities: "",
  ProtectSystem: "strict",
  ProtectHome: "yes",
  ProtectProc: "invisible",
  ProtectClock: "yes",
  ProtectControlGroups: "yes",
  ProtectHostname: "yes",
  ProtectKernelLogs: "yes",
  ProtectKernelModules: "yes",
  ProtectKernelTunables: "yes",
  PrivateDevices: "yes",
  PrivateMounts: "yes",
  PrivateTmp: "yes",
  PrivateUsers: "yes",
  RemoveIPC: "yes",
  KeyringMode: "private",
  LockPersonality: "yes",
  RestrictAddressFamilies: "AF_INET AF_INET6 AF_UNIX",
  RestrictNamespaces: "yes",
  RestrictRealtime: "yes",
  RestrictSUIDSGID: "yes",
  SystemCallArchitectures: "native",
  // V8 asks for protection keys. What is refused says so, instead of killing the program.
  SystemCallFilter: ["@system-service @pkey", "~@privileged @resources"],
  SystemCallErrorNumber: "EPERM",
};

type Fields = Readonly<Record<string, string | readonly string[]>>;

function section(name: string, fields: Fields): string {
  const lines = Object.entries(fields).flatMap(([key, value]) =>
    [value].flat().map((one) => `${key}=${one}\n`)
  );
  return `[${name}]\n${lines.join("")}`;
}
