/**
 * The hosts of a deployment, through the ssh of whoever deploys.
 *
 * Invariant: nothing happens on a host but by `run`, whose words come out there as they went in.
 * Keys, users and jump hosts are what ssh's own configuration says; nothing is asked at a terminal.
 * Knows nothing of releases.
 *
 * @module
 */

import { forward, type Reached } from "../forward.ts";
import { commandLine } from "./command_line.ts";
import { type Ran, runFed } from "./run_fed.ts";

export interface Hosts {
  run(host: string, words: readonly string[], stdin?: ReadableStream<Uint8Array>): Promise<Ran>;
  /** Of what listens on the host's loopback. */
  reach(host: string, port: number): Promise<Reached>;
}

const QUIET = ["-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"];
const KEPT_ALIVE = ["-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4"];
/** What ssh itself says with, as opposed to what it ran. */
const SSH_FAILED = 255;

export function sshHosts(ssh: string = "ssh"): Hosts {
  return {
    async run(host, words, stdin) {
      const args = [...QUIET, ...KEPT_ALIVE, "--", checkHost(host), commandLine(words)];
      const ran = await runFed(ssh, args, stdin);
      if (ran.code === SSH_FAILED) throw new Error(`Cannot reach ${host}: ${ran.stderr.trim()}`);
      return ran;
    },
    reach(host, port) {
      checkHost(host);
      return forward({
        to: `port ${port} of ${host}`,
        words: (here) => [
          ssh,
          ...QUIET,
          ...KEPT_ALIVE,
          ...["-N", "-o", "ExitOnForwardFailure=yes"],
          ...["-L", `127.0.0.1:${here}:127.0.0.1:${port}`, "--", host],
        ],
      });
    },
  };
}

/** It must not be read as an option. */
function checkHost(host: string): string {
  if (/^[^\s-][^\s]*$/.test(host)) return host;
  throw new TypeError(`Cannot reach "${host}": it is no host, nor user@host`);
}
