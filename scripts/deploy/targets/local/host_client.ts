/**
 * Starting and driving the host of a folder.
 *
 * Invariant: there is one host for a folder, whoever asks; it is started with an environment of its
 * own, so that nothing of the caller's secrets reaches what it runs but by the settings.
 *
 * @module
 */

import { join } from "node:path";
import { signalProcess } from "../../../services/process.ts";
import { waitUntil } from "../../../services/wait_until.ts";
import { KEY_HEADER, type OrderName, type Orders } from "./host/control.ts";
import { ofMachine } from "./host/environment.ts";
import { type HostPlace, readHostPlace } from "./host/place.ts";
import type { HostState } from "./host/slot.ts";

const MAIN = join(import.meta.dirname!, "host/main.ts");
const STARTED_MS = 30_000;
const GONE_MS = 10_000;

export class HostClient {
  readonly #place: HostPlace;

  private constructor(place: HostPlace) {
    this.#place = place;
  }

  /** `undefined`: none runs. */
  static async find(folder: string): Promise<HostClient | undefined> {
    const place = await readHostPlace(folder);
    if (!place) return;
    const client = new HostClient(place);
    return await client.#isThere() ? client : undefined;
  }

  /** The one that runs, or a new one, which brings back what ran before. */
  static async ensure(folder: string): Promise<HostClient> {
    const running = await HostClient.find(folder);
    if (running) return running;
    await Deno.mkdir(folder, { recursive: true });
    const log = join(folder, "host.log");
    const child = startDetached(folder, log);
    let ended = false;
    child.status.then(() => ended = true);
    return await waitUntil(async () => {
      const found = await HostClient.find(folder);
      // Another command may have been faster: then ours ends, and theirs is there.
      if (!found && ended) throw new Error(`Cannot start the host: see ${log}`);
      return found;
    }, { what: "the host to start", withinMs: STARTED_MS, everyMs: 50 });
  }

  async state(): Promise<HostState> {
    return await (await this.#fetch("/")).json();
  }

  /** @throws {Error} In the host's words. */
  async order<Name extends OrderName>(name: Name, order: Orders[Name]): Promise<void> {
    const response = await this.#fetch(`/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(order),
    });
    if (response.status === 404) {
      await response.body?.cancel();
      throw new Error(
        `Cannot ${name}: the host that runs is of a release that does not know how; --stop ends it`,
      );
    }
    const { error } = await response.json();
    if (error !== undefined) throw new Error(error);
  }

  /** Ends everything in good order, and the host. */
  async end(): Promise<void> {
    await this.order("end", {});
    await waitUntil(() => signalProcess(this.#place.pid, "SIGCONT") ? undefined : true, {
      what: "the host to end",
      withinMs: GONE_MS,
      everyMs: 20,
    });
  }

  async #isThere(): Promise<boolean> {
    try {
      const response = await this.#fetch("/");
      await response.body?.cancel();
      return response.ok;
    } catch (error) {
      // It was killed, and its file is left.
      if (error instanceof TypeError) return false;
      throw error;
    }
  }

  #fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { ...init.headers, [KEY_HEADER]: this.#place.key };
    return fetch(`${this.#place.url}${path}`, { ...init, headers });
  }
}

function startDetached(folder: string, log: string): Deno.ChildProcess {
  const command = [Deno.execPath(), "run", "-A", MAIN, folder];
  const child = new Deno.Command("sh", {
    args: ["-c", 'log=$1; shift; exec "$@" >>"$log" 2>&1', "host", log, ...command],
    clearEnv: true,
    env: { ...ofMachine(Deno.env.toObject()), NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "null",
    // A session of its own: it stays when the terminal goes.
    detached: true,
  }).spawn();
  child.unref();
  return child;
}
