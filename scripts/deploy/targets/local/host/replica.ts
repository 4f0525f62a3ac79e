/**
 * One replica of a release as a process on this machine.
 *
 * Invariant: it is started by the tasks of its own release, on ports that are its own for as long as
 * it lives. Before it is in service its end is final; from then on it is started again.
 *
 * @module
 */

import { join } from "node:path";
import { readEdgeConfig } from "edge/config.ts";
import { faultOf, placeSettings, untilReady } from "../../../../dev/program.ts";
import { networkOf, type ProgramKind, type Tasks } from "../../../../dev/start_command.ts";
import { Supervised } from "../../../../dev/supervised.ts";
import { type ClaimedPorts, claimPorts } from "../../../../services/claimed_ports.ts";
import { startProcess } from "../../../../services/process.ts";
import type { Backend } from "../balancer/choose.ts";
import { startWords } from "../../words.ts";
import { keyOf, type ReplicaState, type Wanted } from "./slot.ts";

export interface ReplicaSource {
  files: string;
  logs: string;
  tasks: Tasks;
  settings: Record<string, string>;
  /** It ended though it was in service, and is started again. */
  onRestart(): void;
}

/** What a program that ended may take after its drain, before it is killed. */
const STOP_MS = 15_000;

export class HostedReplica implements Backend {
  readonly wanted: Wanted;
  readonly port: number;
  readonly internalPort: number;
  inService = false;
  #isReady = false;
  #looking: Promise<void> | undefined;
  readonly #ports: ClaimedPorts;
  readonly #source: ReplicaSource;
  #process!: Supervised;

  private constructor(wanted: Wanted, source: ReplicaSource) {
    this.wanted = wanted;
    this.#source = source;
    this.#ports = claimPorts(2);
    [this.port, this.internalPort] = this.#ports.ports as [number, number];
  }

  /** Resolves when the process runs, which says nothing of its being ready. */
  static async start(wanted: Wanted, source: ReplicaSource): Promise<HostedReplica> {
    const replica = new HostedReplica(wanted, source);
    await Deno.mkdir(source.logs, { recursive: true });
    const isInService = () => replica.inService;
    replica.#process = await Supervised.start({
      id: wanted.slot,
      start: () => Promise.resolve(replica.#launch()),
      get restart() {
        return isInService();
      },
      onRestart() {
        replica.#isReady = false;
        source.onRestart();
      },
    });
    return replica;
  }

  get id(): string {
    return keyOf(this.wanted);
  }

  get isOpen(): boolean {
    return this.inService && this.#isReady;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** @throws {Error} With its last words, when it has ended or takes too long. */
  async untilReady(withinMs: number): Promise<void> {
    await untilReady(
      { id: this.wanted.slot, internalPort: this.internalPort },
      this.#process,
      withinMs,
    );
    this.#isReady = true;
  }

  /** Asks it how it is; one question at a time, so that a busy machine is not asked more often. */
  look(): void {
    this.#looking ??= this.#look().finally(() => this.#looking = undefined);
  }

  /** Takes it out of service, lets it send its clients elsewhere, and resolves when it is gone. */
  async stop(): Promise<void> {
    this.inService = false;
    await this.#process.stop();
    await this.#looking;
    this.#ports[Symbol.dispose]();
  }

  state(connections: number): ReplicaState {
    const { wanted, pid, port, internalPort, inService } = this;
    return { ...wanted, pid, port, internalPort, inService, isReady: this.#isReady, connections };
  }

  async #look(): Promise<void> {
    this.#isReady = this.#process.isRunning && await faultOf(this).catch(String) === undefined;
  }

  #launch() {
    const { kind, slot } = this.wanted;
    const { files, logs, tasks } = this.#source;
    const settings = {
      ...this.#source.settings,
      INTERNAL_HOST: "127.0.0.1",
      ...placeSettings({ id: slot, kind, port: this.port, internalPort: this.internalPort }),
    };
    const network = networkOf(kind, settings);
    const [command, ...args] = startWords(Deno.execPath(), kind, tasks, network);
    return startProcess(command!, {
      ...{ name: slot, args },
      cwd: files,
      env: settings,
      logFile: join(logs, `${slot}.log`),
      stopMs: drainMsOf(kind, settings) + STOP_MS,
    });
  }
}

function drainMsOf(kind: ProgramKind, settings: Record<string, string>): number {
  return kind === "edge" ? readEdgeConfig(settings).drainMs : 0;
}
