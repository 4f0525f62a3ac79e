/**
 * The releases that are kept in a folder of this machine.
 *
 * Invariant: a release is there as a whole or not at all: it gets its name last. Its settings are
 * kept beside it, for their owner alone, so that going back needs nothing but the folder.
 *
 * @module
 */

import { join } from "node:path";
import type { Tasks } from "../../../dev/start_command.ts";
import type { ReleaseRecord } from "../../record.ts";
import { isReleaseId, type Release, type ReleaseId, type ReleaseSettings } from "../../release.ts";
import { readJsonFile, writeJsonFile } from "../../../services/json_file.ts";

/** How a folder ends whose release is not whole yet. */
const PARTIAL = ".partial";

export class Releases {
  readonly #folder: string;

  /** `folder`: where the target keeps everything. */
  constructor(folder: string) {
    this.#folder = join(folder, "releases");
  }

  filesOf(id: ReleaseId): string {
    return join(this.#folder, id, "files");
  }

  /** One for each replica, as long as the release is kept. */
  logsOf(id: ReleaseId): string {
    return join(this.#folder, id, "logs");
  }

  /** Unpacks a release and installs its packages; one that is there already stays as it is. */
  async stage(release: Release): Promise<void> {
    const place = join(this.#folder, release.id);
    if (await isThere(this.filesOf(release.id))) return;
    const partial = join(this.#folder, `.${release.id}${PARTIAL}`);
    await removeIfThere(partial);
    const files = join(partial, "files");
    for (const folder of [files, join(partial, "logs")]) {
      await Deno.mkdir(folder, { recursive: true });
    }
    await writeJsonFile(join(partial, "settings.json"), release.environments);
    await release.unpack(files);
    await installPackages(files);
    await removeIfThere(place);
    await Deno.rename(partial, place);
  }

  /**
   * Removes what deployments have left that were killed before they rolled: what never became whole,
   * and what nothing was written down of. For whoever keeps others from deploying there.
   */
  async sweep(running: Iterable<ReleaseId>): Promise<void> {
    const stay = new Set([...running, ...(await this.records()).map(({ id }) => id)]);
    for (const name of await namesIn(this.#folder)) {
      const isLeft = name.endsWith(PARTIAL) || isReleaseId(name) && !stay.has(name);
      if (isLeft) await removeIfThere(join(this.#folder, name));
    }
  }

  /** @throws {Error} When the release is not there. */
  settingsOf(id: ReleaseId): Promise<ReleaseSettings> {
    return this.#read(id, "settings.json");
  }

  /** The tasks of its own `deno.json`. */
  async tasksOf(id: ReleaseId): Promise<Tasks> {
    return (await this.#read<{ tasks: Tasks }>(id, "files/deno.json")).tasks;
  }

  record(record: ReleaseRecord): Promise<void> {
    return writeJsonFile(join(this.#folder, record.id, "release.json"), record);
  }

  async records(): Promise<ReleaseRecord[]> {
    const ids = await namesIn(this.#folder);
    // Of one whose deployment was killed before it rolled there is no record.
    const records = ids.filter(isReleaseId).map((id) =>
      readJsonFile<ReleaseRecord>(join(this.#folder, id, "release.json"))
    );
    return (await Promise.all(records)).filter((record) => record !== undefined);
  }

  async remove(id: ReleaseId): Promise<void> {
    await removeIfThere(join(this.#folder, id));
  }

  async #read<T>(id: ReleaseId, file: string): Promise<T> {
    const found = await readJsonFile<T>(join(this.#folder, id, file));
    if (found === undefined) throw new Error(`Cannot run ${id}: it has no ${file}`);
    return found;
  }
}

/** Those that a release's lock names. */
export async function installPackages(folder: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--frozen"],
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdout: "null",
  }).output();
  if (success) return;
  const words = new TextDecoder().decode(stderr).trim().split("\n").slice(-8).join("\n");
  throw new Error(`Cannot install the packages of the release: ${words}`);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function removeIfThere(path: string): Promise<void> {
  if (await isThere(path)) await Deno.remove(path, { recursive: true });
}
