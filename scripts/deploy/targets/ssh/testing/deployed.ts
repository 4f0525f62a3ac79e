/**
 * What tests deploy by ssh: programs on the services of a running system, on hosts that are folders.
 *
 * @module
 */

import type { Role } from "shared/bus/permissions.ts";
import type { System } from "../../../../dev/supervised_system.ts";
import { settingsOfUser } from "../../../../services/nats_users.ts";
import { pause } from "../../../../services/wait_until.ts";
import type { Release } from "../../../release.ts";
import { serviceOf } from "../layout.ts";
import type { Place } from "../places.ts";
import { SshTarget } from "../target.ts";
import type { SandboxHosts } from "./sandbox_hosts.ts";

/** Of this machine, which has all packages. */
export async function denoDir(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

/** On folders of one machine, so that the ports of two hosts are others. */
export function placesOn(hosts: readonly string[], ports: readonly number[]): Place[] {
  const free = [...ports];
  return (["origin", "edge"] as const).flatMap((kind) =>
    hosts.map((host, number) => ({
      kind,
      id: `${kind}-${number}`,
      instance: `${kind}@${number}`,
      service: serviceOf(`${kind}@${number}`),
      host,
      port: free.pop()!,
      internalPort: free.pop()!,
    }))
  );
}

export function environmentsOf({ state }: System): Release["environments"] {
  const common = {
    HOST: "127.0.0.1",
    NATS_URL: state.nats.url,
    UPSTASH_REDIS_REST_URL: state.redis.url,
    UPSTASH_REDIS_REST_TOKEN: state.redis.token,
  };
  const userOf = (role: Role) => {
    const { nkey_seed: seed, inbox_prefix: inboxPrefix } = state.nats.users[role]!;
    return settingsOfUser({ seed, inboxPrefix });
  };
  return {
    edge: { ...common, ...userOf("edge"), TOKEN_SECRET: state.token_secret, DRAIN_MS: "500" },
    origin: {
      ...common,
      ...userOf("origin"),
      DATABASE_URL: state.postgres.origin_url,
      API_KEY: state.api_key,
    },
  };
}

export function targetOn(
  hosts: SandboxHosts,
  names: readonly string[],
  places: readonly Place[],
): SshTarget {
  return new SshTarget({
    hosts,
    names,
    layoutOf: (host) => hosts.layoutOf(host),
    placesOf: () => places,
    deno: Deno.version.deno,
    report: () => {},
    // This machine's Deno may be where no confined service would see it.
    faultsIn: () => [],
    readyMs: 60_000,
    everyMs: 100,
    pause,
    elapsedMs: () => performance.now(),
  });
}
