/**
 * Releases on hosts with systemd, brought there and rolled over ssh.
 *
 * Invariant: of what runs nothing changes but in `roll` and `stop`. A host holds what its own
 * programs need, and no more. What the order of steps is, and when to go back, is decided elsewhere.
 *
 * @module
 */

import type { ProgramKind } from "../../../dev/start_command.ts";
import type { Environment } from "shared/config/read.ts";
import type { Finding } from "../../../check/finding.ts";
import { wordsOf } from "../../perform.ts";
import { currentOf, type ReleaseRecord } from "../../record.ts";
import type { Release, ReleaseId, ReleaseSettings } from "../../release.ts";
import type { EdgeAddress, Installed, Judge, Replica, Target } from "../../target.ts";
import { socketAt } from "../socket.ts";
import { parseEnvFile } from "../env_file.ts";
import { type Facts, faultsIn } from "./facts.ts";
import { findingsIn, inTurn } from "./findings.ts";
import { Host } from "./host.ts";
import type { Hosts } from "./hosts.ts";
import type { Layout } from "./layout.ts";
import { serviceOf } from "./layout.ts";
import { ownIn } from "./own.ts";
import { countsOf, type Place } from "./places.ts";
import { rollOne, type Waiting } from "./roll.ts";
import { stageOn, unpack } from "./stage.ts";

/** Origins look whether it was, and do not start otherwise. */
const LEFT_OUT = "left out: nobody says who owns the database, so its owner has migrated it before";
/** The ones that it will have are taken by the release that runs. */
const ANY_PORT = { PORT: "0", INTERNAL_PORT: "0" };

export interface SshOptions extends Waiting {
  hosts: Hosts;
  /** Of all hosts that there are. */
  names: readonly string[];
  layoutOf(host: string): Layout;
  /** What is to run where; `running`: how many of each there are now. */
  placesOf(running: Readonly<Record<ProgramKind, number>>): readonly Place[];
  /** The version of Deno that releases are made for. */
  deno: string;
  report(line: string): void;
  /** Default: as a service that is confined needs it. */
  faultsIn?: (facts: Facts, deno: string) => string[];
}

export class SshTarget implements Target, AsyncDisposable {
  readonly name = "ssh";
  readonly runs = ["edge", "origin"] as const;
  readonly #options: SshOptions;
  readonly #hosts: ReadonlyMap<string, Host>;
  /** By this command. */
  readonly #staged = new Set<ProgramKind>();
  #places: readonly Place[] = [];
  /** Ways to ports of hosts that whoever asked for them goes on using. */
  readonly #reached = new AsyncDisposableStack();

  constructor(options: SshOptions) {
    this.#options = options;
    const { names, hosts, layoutOf } = options;
    this.#hosts = new Map(names.map((name) => [name, new Host(name, hosts, layoutOf(name))]));
  }

  get where(): string {
    return [...this.#hosts.values()].map(({ name, layout }) => `${name}:${layout.folder}`).join(
      " ",
    );
  }

  async inspect(): Promise<Installed> {
    await this.#assertFit();
    const found = await this.#onEach(async (host) => ({ host, ...await host.find() }));
    const running: (Replica & { instance: string })[] = [];
    for (const { host, current } of found) {
      for (const [instance, release] of current) {
        if ((await host.stateOf(serviceOf(instance))).active !== "active") continue;
        const [kind, number] = instance.split("@") as [ProgramKind, string];
        running.push({ id: `${kind}-${number}`, kind, release, instance });
      }
    }
    this.#places = this.#options.placesOf(countsOf(running));
    const records = newestOfEach(found.flatMap(({ records }) => records));
    const replicas = running.map(({ id, kind, release }) => ({ id, kind, release }));
    const current: Installed["current"] = {};
    for (const kind of this.runs) {
      const release = currentOf(kind, replicas, records);
      if (release !== undefined) current[kind] = release;
    }
    return { current, records, replicas };
  }

  replicas(kind: ProgramKind): string[] {
    return this.#placesOf(kind).map(({ id }) => id);
  }

  warnings({ replicas }: Installed, programs: readonly ProgramKind[]): string[] {
    return programs.flatMap((kind) => {
      const places = this.#placesOf(kind);
      const left = replicas.filter((one) =>
        one.kind === kind && !places.some(({ id }) => id === one.id)
      );
      return [
        ...(places.length < 2
          ? [`a single ${kind}: nobody is served while it is replaced; say --${kind}s 2`]
          : []),
        ...left.map(({ id }) => `${id} runs and is no longer asked for: it ends after the roll`),
      ];
    });
  }

  /** Held as long as the session in which it was taken, which ends with us. */
  async lock(): Promise<AsyncDisposable> {
    const locks = new AsyncDisposableStack();
    try {
      for (const host of this.#hosts.values()) locks.use(await host.lock());
    } catch (error) {
      await locks.disposeAsync();
      throw error;
    }
    // What cannot be removed keeps nobody from deploying.
    const left = (error: unknown) => this.#options.report(wordsOf(error));
    await this.#onEach((host) => host.sweep().catch(left));
    return locks;
  }

  async stage(release: Release, programs: readonly ProgramKind[]): Promise<void> {
    for (const kind of programs) this.#staged.add(kind);
    const folder = await Deno.makeTempDir({ prefix: "fanfare-release-" });
    try {
      const unpacked = await unpack(release, folder);
      await this.#onEach(async (host) => {
        const places = this.#places.filter((place) =>
          place.host === host.name && programs.includes(place.kind)
        );
        if (places.length === 0 || await host.isStaged(release.id)) return;
        this.#options.report(`${host.name}: ${release.id} is brought there`);
        await stageOn(host, places, release, unpacked);
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }

  /** Settings are tried where they will be used; all else is done beside an origin. */
  async runTask(
    release: ReleaseId,
    task: string,
    args: readonly string[],
    besides: Environment = {},
  ): Promise<string> {
    if (task === "migrate" && !besides.DATABASE_OWNER_URL) return LEFT_OUT;
    if (task === "check") return JSON.stringify(await this.#check(release, args));
    const [place] = this.#placesOf("origin");
    if (!place) throw new Error(`Cannot run task ${task}: there is no host for origins`);
    const { host } = this.#rolled(place);
    const { code, stdout, stderr } = await host.runTask(release, place, besides, [task, ...args]);
    if (code === 0) return stdout;
    throw new Error(`Cannot run task ${task}: ${stderr.trim() || stdout.trim()}`);
  }

  async roll(kind: ProgramKind, release: ReleaseId, judge: Judge): Promise<void> {
    const places = await this.#broughtTo(kind, release);
    if (places.length === 0) throw new Error(`Cannot roll the ${kind}s: ${release} is nowhere`);
    for (const place of places) {
      const rolled = this.#rolled(place);
      await rollOne(rolled, release, judge, this.#options);
      this.#options.report(`${place.host}: ${place.id} runs ${release}`);
    }
    await this.#retire((instance) =>
      instance.startsWith(`${kind}@`) && !places.some((place) => place.instance === instance)
    );
  }

  async stop(kind: ProgramKind): Promise<void> {
    await this.#retire((instance) => instance.startsWith(`${kind}@`));
  }

  async edges(): Promise<readonly EdgeAddress[]> {
    const there = await Promise.all(
      this.#placesOf("edge").map(async (place) => {
        const { current } = await this.#rolled(place).host.find();
        return current.has(place.instance) ? [place] : [];
      }),
    );
    return await Promise.all(
      there.flat().map(async (place) => ({
        id: place.id,
        socket: socketAt(await this.#keepReaching(place)),
      })),
    );
  }

  async api(): Promise<string | undefined> {
    const [place] = this.#placesOf("origin");
    return place && `http://127.0.0.1:${await this.#keepReaching(place)}`;
  }

  async settingsOf(release: ReleaseId): Promise<ReleaseSettings | undefined> {
    const read = async (place: Place | undefined, name: string) => {
      const text = place && await this.#rolled(place).host.read(release, `${name}.env`);
      return text === undefined ? undefined : parseEnvFile(text);
    };
    const [edge, origin] = await Promise.all(
      (["edge", "origin"] as const).map((kind) => read(this.#placesOf(kind)[0], kind)),
    );
    if (!edge && !origin) return undefined;
    const own = await Promise.all(
      this.#places.map(async (place) => [place, await read(place, place.instance)] as const),
    );
    return { edge: edge ?? {}, origin: origin ?? {}, ...ownIn(own) };
  }

  async record(record: ReleaseRecord): Promise<void> {
    await this.#onEach((host) => host.record(record.id, `${JSON.stringify(record)}\n`));
  }

  async remove(release: ReleaseId): Promise<void> {
    await this.#onEach((host) => host.remove(release));
  }

  /** Lets go of the ways that were kept open. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reached.disposeAsync();
  }

  /** @throws {Error} That names whatever is missing, on all hosts. */
  async #assertFit(): Promise<void> {
    const { deno, faultsIn: judge = faultsIn } = this.#options;
    const faults = await this.#onEach(async (host) =>
      judge(await host.facts(), deno).map((fault) => `  ${host.name}: ${fault}`)
    );
    if (faults.flat().length === 0) return;
    throw new Error(`Cannot deploy by ssh:\n${faults.flat().join("\n")}`);
  }

  /** Each edge with what it has for itself. Of origins one: they make and remove what others would. */
  async #check(release: ReleaseId, args: readonly string[]): Promise<Finding[]> {
    const places = this.runs.filter((kind) => this.#staged.has(kind))
      .flatMap((kind) => this.#placesOf(kind).slice(0, kind === "edge" ? undefined : 1));
    const found = await Promise.all(places.map(async (place) => {
      const words = ["check", place.kind, ...args];
      const ran = await this.#rolled(place).host.runTask(release, place, ANY_PORT, words);
      return { place, findings: findingsIn(ran) };
    }));
    return inTurn(found);
  }

  /** Places that were not there yet when the release was brought cannot run it. */
  async #broughtTo(kind: ProgramKind, release: ReleaseId): Promise<Place[]> {
    const places = await Promise.all(
      this.#placesOf(kind).map(async (place) => {
        const isThere = await this.#rolled(place).host.has(release, `${place.instance}.start`);
        return isThere ? [place] : [];
      }),
    );
    return places.flat();
  }

  async #retire(whether: (instance: string) => boolean): Promise<void> {
    await this.#onEach(async (host) => {
      const { current } = await host.find();
      for (const instance of [...current.keys()].filter(whether)) {
        await host.retire(serviceOf(instance), instance);
      }
    });
  }

  async #keepReaching({ host, port }: Place): Promise<number> {
    return this.#reached.use(await this.#hosts.get(host)!.reach(port)).port;
  }

  #placesOf(kind: ProgramKind): Place[] {
    return this.#places.filter((place) => place.kind === kind);
  }

  #rolled(place: Place) {
    return { host: this.#hosts.get(place.host)!, place };
  }

  async #onEach<Result>(act: (host: Host) => Promise<Result>): Promise<Result[]> {
    return await Promise.all([...this.#hosts.values()].map(act));
  }
}

/** A host that was away when one was written has an older one. */
function newestOfEach(texts: readonly string[]): ReleaseRecord[] {
  const byId = new Map<string, ReleaseRecord>();
  for (const text of texts) {
    const record = JSON.parse(text) as ReleaseRecord;
    const known = byId.get(record.id);
    if (known === undefined || known.outcome !== "done") byId.set(record.id, record);
  }
  return [...byId.values()].toSorted((a, b) => a.at < b.at ? -1 : 1);
}
