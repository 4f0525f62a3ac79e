/**
 * Where a deployment is found from here, and by which keys: what its own settings say.
 *
 * Invariant: the settings are read as its programs read them. It is looked for where a program would
 * listen, and where a local deployment does.
 *
 * @module
 */

import { readEdgeConfig } from "edge/config.ts";
import { WEBSOCKET_PATH } from "edge/socket/upgrade.ts";
import { readOriginConfig } from "origin/config.ts";
import { ConfigError } from "shared/config/read.ts";
import { environmentsOf, readEnvFile } from "../check/environment.ts";
import type { EdgeState, OriginState, State } from "../dev/state.ts";
import { hereOf, hostOf } from "../services/address.ts";
import { UsedWrongly } from "./run.ts";

/** What of a running system the commands of the terminal need. */
export interface Reached extends Pick<State, "api_key" | "token_secret"> {
  edges: Pick<EdgeState, "ws">[];
  origins: Pick<OriginState, "api">[];
}

/** @throws {UsedWrongly} When a file cannot be read, or no program would start with it. */
export function reachedBy(files: readonly string[], readText: (path: string) => string): Reached {
  const read = files.map((file) => readEnvFile(file, readText));
  const environments = environmentsOf({}, read);
  const isGiven = (program: "edge" | "origin") =>
    read.some(({ programs }) => programs.includes(program));
  try {
    const edge = isGiven("edge") ? readEdgeConfig(environments.edge) : undefined;
    const origin = isGiven("origin") ? readOriginConfig(environments.origin, readText) : undefined;
    return {
      edges: edge ? [{ ws: `ws://${hostOf(hereOf(edge.listen))}${WEBSOCKET_PATH}` }] : [],
      origins: origin ? [{ api: `http://${hostOf(hereOf(origin.api))}` }] : [],
      api_key: origin?.api.key ?? "",
      token_secret: edge && "secret" in edge.tokens.keys ? edge.tokens.keys.secret : "",
    };
  } catch (error) {
    if (error instanceof ConfigError) throw new UsedWrongly(error.message);
    throw error;
  }
}
