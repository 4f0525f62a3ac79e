/**
 * What may be said to the target of hosts with systemd.
 *
 * @module
 */

import { Option } from "commander";
import { UsedWrongly } from "../../../cli/run.ts";
import type { ProgramKind } from "../../../dev/start_command.ts";
import { pause } from "../../../services/wait_until.ts";
import type { TargetKind } from "../../target_kind.ts";
import { API_PORT, EDGES, ORIGINS, PORT, type SharedOptions, TO } from "../options.ts";
import { sshHosts } from "./hosts.ts";
import { layoutIn } from "./layout.ts";
import { planPlaces } from "./places.ts";
import { SshTarget } from "./target.ts";

interface SshCommand extends SharedOptions {
  host: string[];
}

const KINDS = ["origin", "edge"] as const;
const DEFAULT_PORTS = {
  edge: { port: 8000, internalPort: 9000 },
  origin: { port: 8100, internalPort: 9100 },
};
const LOOK_MS = 500;

export const ssh: TargetKind = {
  name: "ssh",
  about: "hosts with systemd, over ssh",
  options: [
    new Option(
      "--host <host>",
      "ssh: HOST for both programs, edge=HOST or origin=HOST for one; again for more",
    ).argParser((host: string, before: string[]) => [...before, host]).default([], "none"),
    ...[TO, EDGES, ORIGINS, PORT, API_PORT],
  ],
  open(options, { report }) {
    const { host, to, readyWithin, ...counts } = options as typeof options & SshCommand;
    const hosts = hostsIn(host);
    if (hosts.edge.length + hosts.origin.length === 0) {
      throw new UsedWrongly("ssh needs to be told where: --host, once for each host");
    }
    const layout = layoutIn(to);
    return Promise.resolve(
      new SshTarget({
        hosts: sshHosts(),
        names: [...new Set(KINDS.flatMap((kind) => hosts[kind]))],
        layoutOf: () => layout,
        placesOf: (running) =>
          KINDS.filter((kind) => hosts[kind].length > 0).flatMap((kind) =>
            planPlaces(kind, {
              ...DEFAULT_PORTS[kind],
              ...portOf(kind, counts),
              hosts: hosts[kind],
              replicas: counts[`${kind}s`] ?? (running[kind] || Math.max(2, hosts[kind].length)),
            })
          ),
        deno: Deno.version.deno,
        readyMs: readyWithin * 1000,
        everyMs: LOOK_MS,
        pause,
        elapsedMs: () => performance.now(),
        report,
      }),
    );
  },
};

function portOf(kind: ProgramKind, { port, apiPort }: Pick<SshCommand, "port" | "apiPort">) {
  const said = kind === "edge" ? port : apiPort;
  return said === undefined ? {} : { port: said };
}

/** `HOST` for both, `edge=HOST` or `origin=HOST`. */
function hostsIn(said: readonly string[]): Record<ProgramKind, string[]> {
  const of = (kind: ProgramKind) =>
    said.flatMap((one) => {
      const [, only, host] = /^(?:(edge|origin)=)?(.+)$/.exec(one) ?? [];
      return host === undefined || (only !== undefined && only !== kind) ? [] : [host];
    });
  return { edge: of("edge"), origin: of("origin") };
}
