/**
 * A system that runs: what it is made of, as a state file tells it, and a hand on each part.
 *
 * Invariant: the state file, when there is one, names the pids that run; it is gone before the
 * first part is asked to end.
 *
 * @module
 */

import { hostOf } from "../services/address.ts";
import type { Through } from "./links.ts";
import { type ProgramPlace, untilReady } from "./program.ts";
import type { Programs } from "./programs.ts";
import type { Secrets } from "./secrets.ts";
import type { Services } from "./services.ts";
import { type EdgeState, type OriginState, type State, writeState } from "./state.ts";
import type { Supervised } from "./supervised.ts";
import { SupervisedSystem } from "./supervised_system.ts";

export interface SystemParts {
  logs: string;
  secrets: Secrets;
  services: Services;
  programs: Programs;
  stateFile: string | undefined;
  through: Through;
}

export class RunningSystem extends SupervisedSystem {
  readonly #parts: SystemParts;
  #owned: AsyncDisposable | undefined;
  #writing = Promise.resolve();

  constructor(parts: SystemParts) {
    super();
    this.#parts = parts;
  }

  get logs(): string {
    return this.#parts.logs;
  }

  get state(): State {
    const { secrets, services, programs, through } = this.#parts;
    const pidOf = (place: ProgramPlace) => programs.parts.get(place.id)!.pid;
    const placesOf = (kind: string) => programs.places.filter((place) => place.kind === kind);
    return {
      pid: Deno.pid,
      edges: placesOf("edge").map((place) => edgeState(place, pidOf(place), through)),
      origins: placesOf("origin").map((place) => originState(place, pidOf(place))),
      ...services.describe(),
      api_key: secrets.apiKey,
      token_secret: secrets.tokenSecret,
    };
  }

  override async restart(id: string): Promise<void> {
    await super.restart(id);
    const { places, parts } = this.#parts.programs;
    const place = places.find((one) => one.id === id);
    if (place) await untilReady(place, parts.get(id)!);
  }

  /** Writes the state file, if there is to be one; one write after the other. */
  publish(): Promise<void> {
    const { stateFile } = this.#parts;
    if (stateFile !== undefined) {
      this.#writing = this.#writing.then(() => writeState(stateFile, this.state));
    }
    return this.#writing;
  }

  /** Takes over what ends with the system. */
  owns(owned: AsyncDisposable): void {
    this.#owned = owned;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { stateFile } = this.#parts;
    await this.#writing;
    if (stateFile !== undefined) await Deno.remove(stateFile).catch(ignoreMissing);
    await this.#owned?.[Symbol.asyncDispose]();
  }

  protected find(id: string): Supervised | undefined {
    const { programs, services } = this.#parts;
    return programs.parts.get(id) ?? services.parts.get(id);
  }
}

function edgeState(place: ProgramPlace, pid: number, through: Through): EdgeState {
  const { id, port, internalPort } = place;
  const host = hostOf(through({ from: "clients", to: id }, { hostname: "127.0.0.1", port }));
  return {
    id,
    pid,
    url: `http://${host}`,
    ws: `ws://${host}/connection/websocket`,
    internal: `http://127.0.0.1:${internalPort}`,
  };
}

function originState({ id, port, internalPort }: ProgramPlace, pid: number): OriginState {
  return {
    id,
    pid,
    api: `http://127.0.0.1:${port}`,
    internal: `http://127.0.0.1:${internalPort}`,
  };
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
