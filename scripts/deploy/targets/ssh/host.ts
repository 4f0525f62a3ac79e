/**
 * One host, and what is done there: bringing a release, switching an instance, starting, stopping.
 *
 * Invariant: a release is there as a whole or not at all, and a link is switched in one step. Each
 * act may be said again. Its words are arguments of scripts that never change, so nothing that is
 * handed in is ever read as a command. Knows nothing of the other hosts, nor of the order of a roll.
 *
 * @module
 */

import type { Environment } from "shared/config/read.ts";
import { waitUntil } from "../../../services/wait_until.ts";
import type { ReleaseId } from "../../release.ts";
import { envFile } from "../env_file.ts";
import { type Facts, FACTS_SCRIPT, readFacts } from "./facts.ts";
import type { Reached } from "../forward.ts";
import type { Hosts } from "./hosts.ts";
import type { Ran } from "./run_fed.ts";
import {
  FIND,
  INSTALL,
  LOCK,
  LOCK_FILE,
  RECEIVE,
  RECORD,
  SWEEP,
  SWITCH,
  TAKEN,
  TASK,
  WRITE,
} from "./host_scripts.ts";
import type { Layout } from "./layout.ts";
import type { Place } from "./places.ts";

export interface ServiceState {
  /** Such as `active`, `failed`, `activating`. */
  active: string;
  /** How often systemd started it again by itself. */
  restarts: number;
}

/** What is on a host of ours. */
export interface Found {
  /** One for each release that was recorded, as text. */
  records: string[];
  /** The release of each instance that has one. */
  current: Map<string, ReleaseId>;
}

const LAST_LINES = "8";
/** What `systemctl` says of a unit that it does not know. */
const NOT_LOADED = 5;
const LOCK_MS = 30_000, LOCK_LOOK_MS = 50;

export class Host {
  readonly name: string;
  readonly layout: Layout;
  readonly #hosts: Hosts;
  #facts: Facts | undefined;

  constructor(name: string, hosts: Hosts, layout: Layout) {
    this.name = name;
    this.layout = layout;
    this.#hosts = hosts;
  }

  /** Asked once. */
  async facts(): Promise<Facts> {
    if (this.#facts) return this.#facts;
    const { stdout } = await this.#hosts.run(this.name, shell(FACTS_SCRIPT));
    return this.#facts = readFacts(stdout);
  }

  reach(port: number): Promise<Reached> {
    return this.#hosts.reach(this.name, port);
  }

  async isStaged(id: ReleaseId): Promise<boolean> {
    return (await this.#try(["test", "-d", this.layout.release(id)])).code === 0;
  }

  /** `files`: a tar. */
  async receive(id: ReleaseId, files: ReadableStream<Uint8Array>): Promise<void> {
    await this.#must("bring the files", shell(RECEIVE, this.layout.partial(id)), files);
  }

  /** Into the release that is being brought; `mode` such as `600`. */
  async write(id: ReleaseId, name: string, text: string, mode: string): Promise<void> {
    const file = `${this.layout.partial(id)}/${name}`;
    await this.#must(`write ${name}`, shell(WRITE, file, mode), streamOf(text));
  }

  /** From now on it is there. */
  async complete(id: ReleaseId, entrypoints: readonly string[]): Promise<void> {
    const { partial, release, denoDir } = this.layout;
    const deno = (await this.facts()).deno!.path;
    const install = shell(INSTALL, partial(id), denoDir, deno, ...entrypoints);
    await this.#must("install the packages", install);
    await this.#must("put the release in its place", ["mv", "-T", partial(id), release(id)]);
  }

  async find(): Promise<Found> {
    const { stdout } = await this.#must("look around", shell(FIND, this.layout.folder));
    const lines = stdout.split("\n");
    const after = (word: string) =>
      lines.filter((line) => line.startsWith(word)).map((line) => line.slice(word.length));
    return {
      records: after("record "),
      current: new Map(
        after("current ").map((line) => line.split(" ") as [string, ReleaseId]),
      ),
    };
  }

  async read(id: ReleaseId, name: string): Promise<string | undefined> {
    const { code, stdout } = await this.#try(["cat", `${this.layout.release(id)}/${name}`]);
    return code === 0 ? stdout : undefined;
  }

  async record(id: ReleaseId, record: string): Promise<void> {
    const { release } = this.layout;
    await this.#must("write the record", shell(RECORD, release(id)), streamOf(record));
  }

  async remove(id: ReleaseId): Promise<void> {
    const { release, partial } = this.layout;
    await this.#must(`remove ${id}`, ["rm", "-rf", release(id), partial(id)]);
  }

  /** For whoever has the lock. */
  async sweep(): Promise<void> {
    const { folder } = this.layout;
    await this.#must("remove what a deployment has left", shell(SWEEP, folder));
  }

  /** The unit is the release's own, and so goes back with it. */
  async switchTo(id: ReleaseId, instance: string, template: string): Promise<void> {
    const { release, current, units } = this.layout;
    const { stdout } = await this.#must(
      `switch ${instance} to ${id}`,
      shell(SWITCH, release(id), current(instance), template, units),
    );
    if (stdout === "") return;
    await this.#must("have the units read again", ["systemctl", "daemon-reload"]);
  }

  async start(service: string): Promise<void> {
    await this.#try(["systemctl", "reset-failed", service]);
    await this.#must(`start ${service}`, ["systemctl", "enable", "--now", service]);
  }

  /** In good order: resolves when it has drained and ended. */
  async stop(service: string): Promise<void> {
    const ran = await this.#try(["systemctl", "stop", service]);
    if (ran.code !== 0 && ran.code !== NOT_LOADED) throw this.#failed(`stop ${service}`, ran);
  }

  /** Stops it, for good. */
  async retire(service: string, instance: string): Promise<void> {
    await this.stop(service);
    await this.#try(["systemctl", "disable", service]);
    await this.#must(`forget ${instance}`, ["rm", "-f", this.layout.current(instance)]);
  }

  async stateOf(service: string): Promise<ServiceState> {
    const { stdout } = await this.#must(
      `look at ${service}`,
      ["systemctl", "show", "--property=ActiveState,NRestarts", service],
    );
    const value = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(stdout)?.[1];
    return { active: value("ActiveState") ?? "unknown", restarts: Number(value("NRestarts") ?? 0) };
  }

  async lastWords(service: string): Promise<string> {
    const { stdout } = await this.#try(
      ["journalctl", "--unit", service, "--lines", LAST_LINES, "--output", "cat", "--no-pager"],
    );
    return stdout.trim();
  }

  async has(id: ReleaseId, name: string): Promise<boolean> {
    return (await this.#try(["test", "-e", `${this.layout.release(id)}/${name}`])).code === 0;
  }

  /** Of a release that is there, with the settings of one instance, and some that stay nowhere. */
  async runTask(
    id: ReleaseId,
    { kind, instance }: Pick<Place, "kind" | "instance">,
    besides: Environment,
    words: readonly string[],
  ): Promise<Ran> {
    const { release, denoDir } = this.layout;
    const deno = (await this.facts()).deno!.path;
    const settings = [`${kind}.env`, `${instance}.env`];
    const task = shell(TASK, release(id), ...settings, denoDir, deno, "task", ...words);
    return await this.#try(task, streamOf(envFile(besides)));
  }

  /**
   * Nobody else deploys here until it is disposed of, or the connection ends.
   *
   * @throws {Error} When somebody does.
   */
  async lock(): Promise<AsyncDisposable> {
    const { folder } = this.layout;
    const id = crypto.randomUUID();
    const holding = new TransformStream<Uint8Array, Uint8Array>();
    const session = this.#try(shell(LOCK, folder, id), holding.readable);
    let ended: Ran | undefined;
    session.then(
      (ran) => ended = ran,
      (error) => ended = { code: 1, stdout: "", stderr: `${error}` },
    );
    await waitUntil(async () => {
      const { stdout } = await this.#try(["cat", `${folder}/${LOCK_FILE}`]);
      if (stdout.trim() === id) return true;
      if (ended?.code === TAKEN) {
        throw new Error(`Cannot deploy to ${this.name}: another deployment is under way there`);
      }
      if (ended) throw this.#failed("keep others from deploying", ended);
    }, { what: `the lock of ${this.name}`, withinMs: LOCK_MS, everyMs: LOCK_LOOK_MS });
    return {
      async [Symbol.asyncDispose]() {
        await holding.writable.close();
        await session;
      },
    };
  }

  async #try(words: readonly string[], stdin?: ReadableStream<Uint8Array>): Promise<Ran> {
    const { uid } = await this.facts();
    return await this.#hosts.run(this.name, uid === 0 ? words : ["sudo", "-n", ...words], stdin);
  }

  async #must(
    what: string,
    words: readonly string[],
    stdin?: ReadableStream<Uint8Array>,
  ): Promise<Ran> {
    const ran = await this.#try(words, stdin);
    if (ran.code !== 0) throw this.#failed(what, ran);
    return ran;
  }

  #failed(what: string, { code, stdout, stderr }: Ran): Error {
    const said = (stderr.trim() || stdout.trim()).split("\n").slice(-Number(LAST_LINES)).join("\n");
    return new Error(`Cannot ${what} on ${this.name}: ${said || `it ended with ${code}`}`);
  }
}

function shell(script: string, ...words: string[]): string[] {
  return ["sh", "-c", script, "sh", ...words];
}

function streamOf(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream();
}
