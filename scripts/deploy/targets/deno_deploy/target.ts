/**
 * Edges on Deno Deploy.
 *
 * Invariant: what was brought there is kept here, files and settings, and going back is bringing it
 * there again: the platform has no command by which a program could. How many edges there are, and
 * where, is the platform's to decide; they are looked at as one.
 *
 * @module
 */

import { join } from "node:path";
import { WEBSOCKET_PATH } from "edge/socket/upgrade.ts";
import type { ProgramKind } from "../../../dev/start_command.ts";
import { readJsonFile, writeJsonFile } from "../../../services/json_file.ts";
import type { ReleaseRecord } from "../../record.ts";
import type { Release, ReleaseId, ReleaseSettings } from "../../release.ts";
import type { EdgeAddress, Installed, Judge, Target } from "../../target.ts";
import { wordsOf } from "../../perform.ts";
import { lockFolder } from "../folder_lock.ts";
import { Releases } from "../local/releases.ts";
import { ONE_USER } from "../words.ts";
import { type App, writeAppFolder } from "./app_folder.ts";
import { Platform, type Revision, type RunDeno } from "./platform.ts";
import { faultsIn, MOST_DRAIN_MS, settingsThere } from "./settings.ts";

export interface DenoDeployOptions {
  /** Where what was brought there is kept. */
  folder: string;
  app: App;
  run: RunDeno;
  report(line: string): void;
}

/** What is there, as far as this folder knows. */
interface Placed extends Revision {
  release: ReleaseId;
}

export class DenoDeployTarget implements Target {
  readonly name = "deno-deploy";
  readonly where: string;
  readonly runs = ["edge"] as const;
  readonly #options: DenoDeployOptions;
  readonly #releases: Releases;
  readonly #platform: Platform;

  constructor(options: DenoDeployOptions) {
    const { app, folder, run } = options;
    this.#options = options;
    this.where = `app ${app.name}`;
    this.#releases = new Releases(folder);
    this.#platform = new Platform(run, app);
  }

  async inspect(): Promise<Installed> {
    const placed = await this.#placed();
    return {
      current: placed ? { edge: placed.release } : {},
      records: await this.#releases.records(),
      replicas: placed
        ? [{ id: this.#options.app.name, kind: "edge", release: placed.release }]
        : [],
    };
  }

  replicas(): string[] {
    return [];
  }

  warnings(): string[] {
    return [
      `edges drain within ${MOST_DRAIN_MS / 1000} s there, whatever DRAIN_MS says: the platform ` +
      "ends them 5 s after it asked",
      "edges may do everything there: the platform takes no permissions",
      ONE_USER,
      "origins are to run on a target that is always on: the platform puts to sleep what no " +
      "request wakes, and pushes and audits would wait meanwhile. They go by --target origin=NAME",
    ];
  }

  async lock(): Promise<AsyncDisposable> {
    const { folder, report } = this.#options;
    const lock = await lockFolder(folder, this.where);
    // What cannot be removed keeps nobody from deploying.
    await this.#sweep().catch((error) =>
      report(`Cannot remove what a deployment has left: ${wordsOf(error)}`)
    );
    return lock;
  }

  async stage(release: Release): Promise<void> {
    const { folder, app } = this.#options;
    const scratch = await this.#scratch();
    const faults = faultsIn(release.environments.edge);
    if (faults.length > 0) {
      throw new Error(`Cannot stage ${release.id}:\n${faults.map((one) => `  ${one}`).join("\n")}`);
    }
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    await this.#platform.assertKnown(folder);
    await this.#releases.stage({
      ...release,
      environments: { edge: settingsThere(release.environments.edge), origin: {} },
      async unpack(to) {
        const from = await Deno.makeTempDir({ dir: scratch, prefix: "release-" });
        try {
          await release.unpack(from);
          await writeAppFolder(from, to, app);
        } finally {
          await Deno.remove(from, { recursive: true });
        }
      },
    });
  }

  /** The platform replaces them; they are judged when it has. */
  async roll(_kind: ProgramKind, release: ReleaseId, judge: Judge): Promise<void> {
    const { app, report } = this.#options;
    const placed = await this.#placed();
    if (placed?.release !== release) {
      const files = this.#releases.filesOf(release);
      const { edge } = await this.#releases.settingsOf(release);
      const settings = edge as Record<string, string>;
      await this.#platform.setSettings(settings, { folder: files, scratch: await this.#scratch() });
      const revision = await this.#platform.deploy(files);
      await writeJsonFile(this.#file(), { ...revision, release } satisfies Placed);
      report(`${app.name}: revision ${revision.revisionId} serves at ${revision.host}`);
    }
    const [edge] = await this.edges();
    await judge({ id: app.name, kind: "edge", release }, edge);
  }

  stop(): Promise<void> {
    const { name } = this.#options.app;
    return Promise.reject(
      new Error(`Cannot end the edges of ${name}: delete the app, at console.deno.com`),
    );
  }

  async edges(): Promise<readonly EdgeAddress[]> {
    const placed = await this.#placed();
    if (!placed) return [];
    return [{ id: this.#options.app.name, socket: `wss://${placed.host}${WEBSOCKET_PATH}` }];
  }

  api(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async settingsOf(release: ReleaseId): Promise<ReleaseSettings> {
    return await this.#releases.settingsOf(release);
  }

  async record(record: ReleaseRecord): Promise<void> {
    await this.#releases.record(record);
  }

  async remove(release: ReleaseId): Promise<void> {
    await this.#releases.remove(release);
  }

  async #sweep(): Promise<void> {
    await Deno.remove(await this.#scratch(), { recursive: true });
    const placed = await this.#placed();
    await this.#releases.sweep(placed ? [placed.release] : []);
  }

  /** For what is there for as long as a command takes, secrets too: the next one removes what stays. */
  async #scratch(): Promise<string> {
    const path = join(this.#options.folder, "scratch");
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    return path;
  }

  #placed(): Promise<Placed | undefined> {
    return readJsonFile<Placed>(this.#file());
  }

  #file(): string {
    return join(this.#options.folder, "placed.json");
  }
}
