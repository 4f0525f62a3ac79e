/**
 * Releases as processes on this machine, behind a small balancer.
 *
 * Invariant: a new replica is ready and judged before it has users, and only then is the old one of
 * its slot drained: at no moment there are fewer in service than before.
 *
 * @module
 */

import { resolve } from "node:path";
import { readEdgeConfig } from "edge/config.ts";
import { readOriginConfig } from "origin/config.ts";
import type { ProgramKind } from "../../../dev/start_command.ts";
import { type Address, hereOf, hostOf } from "../../../services/address.ts";
import { wordsOf } from "../../perform.ts";
import { currentOf, type ReleaseRecord } from "../../record.ts";
import { isFor, type Release, type ReleaseId, type ReleaseSettings } from "../../release.ts";
import type { EdgeAddress, Installed, Judge, Target } from "../../target.ts";
import { lockFolder } from "../folder_lock.ts";
import { readWanted } from "./host/host.ts";
import { type ReplicaState, slotsOf, type Wanted } from "./host/slot.ts";
import { HostClient } from "./host_client.ts";
import { Releases } from "./releases.ts";

export interface LocalOptions {
  folder: string;
  /** How many there are to be; left out: as many as there are, or two. */
  count: Partial<Record<ProgramKind, number>>;
  /** Where the balancers listen; left out: where the settings say that the program would. */
  ports: Partial<Record<ProgramKind, number>>;
  /** How long a replica may take to be ready. */
  readyMs: number;
  report(line: string): void;
}

const FIRST_COUNT = 2;
const PORT_SETTING = "PORT";

export class LocalTarget implements Target {
  readonly name = "local";
  readonly where: string;
  readonly runs = ["origin", "edge"] as const;
  readonly #options: LocalOptions;
  readonly #releases: Releases;
  readonly #folder: string;

  constructor(options: LocalOptions) {
    this.#options = options;
    this.where = options.folder;
    this.#folder = resolve(options.folder);
    this.#releases = new Releases(this.#folder);
  }

  async inspect(): Promise<Installed> {
    const host = await HostClient.find(this.#folder);
    const running = host
      ? (await host.state()).replicas.filter(({ inService }) => inService)
      : (await readWanted(this.#folder)).replicas;
    const records = await this.#releases.records();
    const current: Installed["current"] = {};
    for (const kind of this.runs) {
      const release = currentOf(kind, running, records);
      if (release !== undefined) current[kind] = release;
    }
    return {
      current,
      records,
      replicas: running.map(({ slot, kind, release }) => ({ id: slot, kind, release })),
    };
  }

  replicas(kind: ProgramKind, { replicas }: Installed): string[] {
    const there = replicas.filter((one) => one.kind === kind).map(({ id }) => id);
    return slotsOf(kind, this.#countOf(kind, there));
  }

  /** A new replica runs before the old one is drained: even one of each is rolled unnoticed. */
  warnings(): string[] {
    return [];
  }

  async lock(): Promise<AsyncDisposable> {
    const lock = await lockFolder(this.#folder, this.where);
    // Whatever comes of the deployment: what should run does, after a host that was killed.
    const { replicas } = await readWanted(this.#folder);
    if (replicas.length > 0) await HostClient.ensure(this.#folder);
    await this.#sweep(replicas);
    return lock;
  }

  stage(release: Release): Promise<void> {
    return this.#releases.stage({
      ...release,
      environments: this.#withPorts(release.environments),
      unpack: (folder) => release.unpack(folder),
    });
  }

  async roll(kind: ProgramKind, release: ReleaseId, judge: Judge): Promise<void> {
    const host = await HostClient.ensure(this.#folder);
    const address = await this.#addressOf(kind, release, (await host.state()).listen[kind]);
    await host.order("listen", { kind, address });
    await this.#listenInternal(kind, release, host);
    const { replicas, listen, internal } = await host.state();
    const there = replicas.filter((replica) => replica.kind === kind);
    if (there.length === 0) {
      this.#options.report(addressInWords(kind, listen[kind]!));
      const page = kind === "origin" && internal?.origin;
      if (page) {
        this.#options.report(`the operator's page is at http://${reachable(page)}/operator`);
      }
    }
    // What an interrupted roll has left behind has no users.
    for (const left of there) if (!left.inService) await host.order("retire", left);
    const serving = there.filter(({ inService }) => inService);
    const settings = await this.#releases.settingsOf(release);
    const slots = slotsOf(kind, this.#countOf(kind, serving.map(({ slot }) => slot)))
      .filter((slot) => isFor(settings, kind, slot));
    for (const slot of slots) {
      const own = serving.filter((replica) => replica.slot === slot);
      await this.#replace({ slot, kind, release }, own, host, judge);
    }
    for (const one of serving) if (!slots.includes(one.slot)) await this.#retire(one, host);
  }

  /** What cannot be removed keeps nobody from deploying. */
  async #sweep(wanted: readonly Wanted[]): Promise<void> {
    const host = await HostClient.find(this.#folder);
    const running = [...wanted, ...host ? (await host.state()).replicas : []];
    await this.#releases.sweep(running.map(({ release }) => release)).catch((error) =>
      this.#options.report(`Cannot remove what a deployment has left: ${wordsOf(error)}`)
    );
  }

  /** Without it everything is served: only operators have to look for the ports of replicas. */
  async #listenInternal(kind: ProgramKind, release: ReleaseId, host: HostClient): Promise<void> {
    const environment = (await this.#releases.settingsOf(release))[kind];
    const { hostname, port, adminKey } = kind === "edge"
      ? readEdgeConfig(environment).internal
      : readOriginConfig(environment, Deno.readTextFileSync).internal;
    // Replicas are asked by this machine, which may look up users where no key is set.
    const address = { hostname: adminKey === null ? "127.0.0.1" : hostname, port };
    try {
      await host.order("listenInternal", { kind, address });
    } catch (error) {
      this.#options.report(`operators have no address for the ${kind}s: ${wordsOf(error)}`);
    }
  }

  async stop(kind: ProgramKind): Promise<void> {
    const host = await HostClient.find(this.#folder);
    if (!host) return;
    const { replicas } = await host.state();
    for (const one of replicas) if (one.kind === kind) await this.#retire(one, host);
    if (replicas.every((one) => one.kind === kind)) await host.end();
  }

  async edges(): Promise<readonly EdgeAddress[]> {
    const host = await HostClient.find(this.#folder);
    if (!host) return [];
    const { replicas } = await host.state();
    return replicas.filter(({ kind, inService }) => kind === "edge" && inService).map(socketOf);
  }

  async api(): Promise<string | undefined> {
    const address = (await (await HostClient.find(this.#folder))?.state())?.listen.origin;
    return address && `http://${reachable(address)}`;
  }

  async settingsOf(release: ReleaseId): Promise<ReleaseSettings> {
    return await this.#releases.settingsOf(release);
  }

  record(record: ReleaseRecord): Promise<void> {
    return this.#releases.record(record);
  }

  remove(release: ReleaseId): Promise<void> {
    return this.#releases.remove(release);
  }

  async #replace(
    wanted: Wanted,
    own: readonly ReplicaState[],
    host: HostClient,
    judge: Judge,
  ): Promise<void> {
    const { slot, release } = wanted;
    const old = own.filter((replica) => replica.release !== release);
    if (own.length === 0 || old.length === own.length) {
      await host.order("start", { ...wanted, withinMs: this.#options.readyMs });
      await this.#judge(wanted, host, judge);
      await host.order("takeIn", wanted);
      this.#options.report(`${slot} runs ${release}`);
    }
    for (const one of old) await this.#retire(one, host);
  }

  /** A replica that is found wanting is gone before anybody is told. */
  async #judge({ slot, kind, release }: Wanted, host: HostClient, judge: Judge): Promise<void> {
    const { replicas } = await host.state();
    const state = replicas.find((one) => one.slot === slot && one.release === release);
    if (!state) throw new Error(`Cannot judge ${slot}: it is gone`);
    const edge = kind === "edge" ? socketOf(state) : undefined;
    try {
      await judge({ id: slot, kind, release }, edge);
    } catch (error) {
      await host.order("retire", { slot, release });
      throw error;
    }
  }

  async #retire({ slot, release, connections }: ReplicaState, host: HostClient): Promise<void> {
    await host.order("retire", { slot, release });
    const drained = connections > 0 ? `, its ${connections} connections sent elsewhere` : "";
    this.#options.report(`${slot} of ${release} has ended${drained}`);
  }

  /** `slots`: of those that serve. */
  #countOf(kind: ProgramKind, slots: readonly string[]): number {
    return this.#options.count[kind] ?? (new Set(slots).size || FIRST_COUNT);
  }

  /** What was said on the command line is kept with the release, as its settings are. */
  #withPorts(environments: ReleaseSettings): ReleaseSettings {
    const { edge, origin } = this.#options.ports;
    return {
      ...environments,
      edge: { ...environments.edge, ...(edge !== undefined && { [PORT_SETTING]: `${edge}` }) },
      origin: {
        ...environments.origin,
        ...(origin !== undefined && { [PORT_SETTING]: `${origin}` }),
      },
    };
  }

  /** Where the release says; where it does not, clients find it where it was. */
  async #addressOf(kind: ProgramKind, release: ReleaseId, now?: Address): Promise<Address> {
    const environment = (await this.#releases.settingsOf(release))[kind];
    const { hostname, port } = kind === "edge"
      ? readEdgeConfig(environment).listen
      : readOriginConfig(environment, Deno.readTextFileSync).api;
    return {
      hostname: environment.HOST === undefined && now ? now.hostname : hostname,
      port: environment.PORT === undefined && now ? now.port : port,
    };
  }
}

function socketOf({ slot, port }: ReplicaState): EdgeAddress {
  return { id: slot, socket: `ws://127.0.0.1:${port}/connection/websocket` };
}

function addressInWords(kind: ProgramKind, address: Address): string {
  return kind === "edge"
    ? `clients connect to ws://${reachable(address)}/connection/websocket`
    : `the server API is at http://${reachable(address)}/api`;
}

function reachable(address: Address): string {
  return hostOf(hereOf(address));
}
