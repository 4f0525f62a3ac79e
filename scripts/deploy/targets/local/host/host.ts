/**
 * What runs the replicas on this machine, and gives clients one address for them.
 *
 * Invariant: what is in service is written down before whoever asked is told, so that a host that was
 * killed comes back with it. A replica that was only started has no users. Knows nothing of rolls:
 * it does one thing at a time, and is told which.
 *
 * @module
 */

import { join } from "node:path";
import { settingsFor } from "../../../../check/replicas.ts";
import type { ProgramKind } from "../../../../dev/start_command.ts";
import type { Address } from "../../../../services/address.ts";
import { readJsonFile, writeJsonFile } from "../../../../services/json_file.ts";
import { Balancer } from "../balancer/balancer.ts";
import type { Backend } from "../balancer/choose.ts";
import { Releases } from "../releases.ts";
import { HostedReplica } from "./replica.ts";
import { type Addresses, type HostState, keyOf, type Wanted, type WantedState } from "./slot.ts";

const LOOK_EVERY_MS = 200;

export interface HostOptions {
  /** The target's. */
  folder: string;
  onFault(what: string, error: unknown): void;
  /** A replica ended by itself; its own log may say why. */
  onRestart(replica: Wanted): void;
}

export class Host implements AsyncDisposable {
  readonly #options: HostOptions;
  readonly #releases: Releases;
  readonly #replicas = new Map<string, HostedReplica>();
  readonly #balancers: Record<ProgramKind, Balancer>;
  readonly #internal: Record<ProgramKind, Balancer>;
  readonly #timer: ReturnType<typeof setInterval>;
  /** Where the host before listened: an address that is taken now stays the one to come back to. */
  #before: Pick<WantedState, "listen" | "internal"> = { listen: {} };
  #writing = Promise.resolve();

  constructor(options: HostOptions) {
    this.#options = options;
    this.#releases = new Releases(options.folder);
    const all = (kind: ProgramKind) =>
      [...this.#replicas.values()].filter(({ wanted }) => wanted.kind === kind);
    const balancer = (kind: ProgramKind) => new Balancer(() => all(kind));
    const internal = (kind: ProgramKind) => new Balancer(() => internalOf(all(kind)));
    this.#balancers = { edge: balancer("edge"), origin: balancer("origin") };
    this.#internal = { edge: internal("edge"), origin: internal("origin") };
    this.#timer = setInterval(() => {
      for (const replica of this.#replicas.values()) replica.look();
    }, LOOK_EVERY_MS);
  }

  get state(): HostState {
    const replicas = [...this.#replicas.values()].map((replica) =>
      replica.state(this.#balancers[replica.wanted.kind].connectionsOf(replica.id))
    );
    return { pid: Deno.pid, replicas, ...this.#addresses };
  }

  get #addresses(): Pick<WantedState, "listen" | "internal"> {
    return { listen: addressesOf(this.#balancers), internal: addressesOf(this.#internal) };
  }

  /**
   * Starts what ran before, and goes on starting it; resolves when each has a process. Only then it is
   * written down: a host that is killed meanwhile comes back with all of it.
   */
  async comeBack(): Promise<void> {
    const before = await readWanted(this.#options.folder);
    this.#before = before;
    for (const kind of ["edge", "origin"] as const) {
      const address = before.listen[kind], internal = before.internal?.[kind];
      const failing = `The ${kind}s have no address`;
      if (address) await this.#tried(failing, () => this.#balancers[kind].listen(address));
      if (!internal) continue;
      await this.#tried(`${failing} for operators`, () => this.#internal[kind].listen(internal));
    }
    await Promise.all(
      before.replicas.map((wanted) =>
        this.#tried(`${wanted.slot} does not come back`, async () => {
          const replica = await this.#launch(wanted);
          replica.inService = true;
        })
      ),
    );
    await this.#write();
  }

  async listen(kind: ProgramKind, address: Address): Promise<void> {
    await this.#balancers[kind].listen(address);
    await this.#write();
  }

  async listenInternal(kind: ProgramKind, address: Address): Promise<void> {
    await this.#internal[kind].listen(address);
    await this.#write();
  }

  /**
   * Starts a replica beside whatever is in its slot, without users.
   *
   * @throws {Error} With its last words, when it is not ready in time; then it is gone again.
   */
  async start(wanted: Wanted, withinMs: number): Promise<void> {
    if (this.#replicas.has(keyOf(wanted))) return;
    const replica = await this.#launch(wanted);
    try {
      await replica.untilReady(withinMs);
    } catch (error) {
      await this.retire(wanted);
      throw error;
    }
  }

  /** Gives it users. */
  async takeIn(wanted: Pick<Wanted, "slot" | "release">): Promise<void> {
    const replica = this.#replicas.get(keyOf(wanted));
    if (!replica) throw new Error(`Cannot take in ${keyOf(wanted)}: it does not run`);
    replica.inService = true;
    await this.#write();
  }

  /** Gives it no more users, lets it send those that it has elsewhere, and ends it. */
  async retire(wanted: Pick<Wanted, "slot" | "release">): Promise<void> {
    const replica = this.#replicas.get(keyOf(wanted));
    if (!replica) return;
    replica.inService = false;
    await this.#write();
    await replica.stop();
    this.#replicas.delete(replica.id);
  }

  /** Ends everything in good order; what ran stays written down. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    for (const kind of ["edge", "origin"] as const) {
      const ending = [...this.#replicas.values()].filter(({ wanted }) => wanted.kind === kind);
      await Promise.all(ending.map((replica) => replica.stop()));
      await this.#balancers[kind][Symbol.asyncDispose]();
      await this.#internal[kind][Symbol.asyncDispose]();
    }
    await this.#writing;
  }

  async #launch(wanted: Wanted): Promise<HostedReplica> {
    const { release, kind, slot } = wanted;
    const [tasks, environments] = await Promise.all([
      this.#releases.tasksOf(release),
      this.#releases.settingsOf(release),
    ]);
    const replica = await HostedReplica.start(wanted, {
      files: this.#releases.filesOf(release),
      logs: this.#releases.logsOf(release),
      tasks,
      settings: onlySet(settingsFor(environments, kind, slot)),
      onRestart: () => this.#options.onRestart(wanted),
    });
    this.#replicas.set(replica.id, replica);
    return replica;
  }

  async #tried(failing: string, attempt: () => Promise<void>): Promise<void> {
    try {
      await attempt();
    } catch (error) {
      this.#options.onFault(failing, error);
    }
  }

  #write(): Promise<void> {
    const replicas = [...this.#replicas.values()].filter(({ inService }) => inService);
    // Of two in a slot the later is the one that stays.
    const bySlot = new Map(replicas.map(({ wanted }) => [wanted.slot, wanted]));
    const { folder } = this.#options;
    const { listen, internal } = this.#addresses;
    const wanted: WantedState = {
      replicas: [...bySlot.values()],
      listen: { ...this.#before.listen, ...listen },
      internal: { ...this.#before.internal, ...internal },
    };
    this.#writing = this.#writing.then(async () => {
      await writeJsonFile(wantedFile(folder), wanted);
      await writeJsonFile(join(folder, "scrape.json"), scrapedOf(replicas));
    });
    return this.#writing;
  }
}

export async function readWanted(folder: string): Promise<WantedState> {
  return await readJsonFile<WantedState>(wantedFile(folder)) ?? { replicas: [], listen: {} };
}

/** Whichever is ready tells operators of the whole; where none is, one that is not must do. */
function internalOf(replicas: readonly HostedReplica[]): Backend[] {
  const isAnyOpen = replicas.some(({ isOpen }) => isOpen);
  return replicas.map(({ id, internalPort, inService, isOpen }) => ({
    ...{ id, port: internalPort },
    isOpen: isAnyOpen ? isOpen : inService,
  }));
}

/** As Prometheus reads it (`file_sd_configs`): each replica, which a balancer would mix up. */
function scrapedOf(replicas: readonly HostedReplica[]) {
  return replicas.map(({ wanted: { slot }, internalPort }) => ({
    targets: [`127.0.0.1:${internalPort}`],
    labels: { replica: slot },
  }));
}

function addressesOf(balancers: Readonly<Record<ProgramKind, Balancer>>): Addresses {
  return Object.fromEntries(
    Object.entries(balancers).flatMap(([kind, { address }]) => address ? [[kind, address]] : []),
  );
}

function wantedFile(folder: string): string {
  return join(folder, "wanted.json");
}

function onlySet(environment: Readonly<Record<string, string | undefined>>) {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] =>
      entry[1] !== undefined
    ),
  );
}
