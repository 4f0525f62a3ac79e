/**
 * What may be said to the target of this machine.
 *
 * @module
 */

import { API_PORT, EDGES, ORIGINS, PORT, type SharedOptions, TO } from "../options.ts";
import type { TargetKind } from "../../target_kind.ts";
import { LocalTarget } from "./target.ts";

export const DEFAULT_FOLDER = ".cache/deploy";

export const local: TargetKind = {
  name: "local",
  about: "processes on this machine, behind a small balancer",
  options: [TO, EDGES, ORIGINS, PORT, API_PORT],
  open(options, { report }) {
    const { to = DEFAULT_FOLDER, edges, origins, port, apiPort, readyWithin } = options as
      & typeof options
      & SharedOptions;
    return Promise.resolve(
      new LocalTarget({
        folder: to,
        count: { ...defined("edge", edges), ...defined("origin", origins) },
        ports: { ...defined("edge", port), ...defined("origin", apiPort) },
        readyMs: readyWithin * 1_000,
        report,
      }),
    );
  },
};

function defined<Name extends string>(name: Name, value: number | undefined) {
  return value === undefined ? {} : { [name]: value } as Record<Name, number>;
}
