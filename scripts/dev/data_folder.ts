/**
 * The folder where a system keeps what outlives it: stored data, logs, secrets.
 *
 * Invariant: one system at a time uses a folder.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { type FileLock, lockFile } from "../services/file_lock.ts";
import { loadSecrets, type Secrets } from "./secrets.ts";

export interface DataFolder extends AsyncDisposable {
  readonly path: string;
  readonly logs: string;
  readonly secrets: Secrets;
}

const KEPT_BY_FRESH = new Set(["lock", "secrets.json"]);

/** A folder that stays; `fresh` empties it but for its secrets. */
export async function openDataFolder(path: string, fresh = false): Promise<DataFolder> {
  await Deno.mkdir(path, { recursive: true });
  const absolute = await Deno.realPath(path);
  const lock = await lockFolder(absolute);
  try {
    if (fresh) await emptyFolder(absolute);
    return {
      ...await describe(absolute),
      [Symbol.asyncDispose]: () => Promise.resolve(lock[Symbol.dispose]()),
    };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** A folder that goes with the system. */
export async function temporaryDataFolder(): Promise<DataFolder> {
  const path = await Deno.makeTempDir({ prefix: "fanfare-system-" });
  // A Postgres that root starts runs as another user, who must be able to pass.
  await Deno.chmod(path, 0o711);
  return {
    ...await describe(path),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

async function describe(path: string): Promise<Omit<DataFolder, keyof AsyncDisposable>> {
  const logs = join(path, "logs");
  await Deno.mkdir(logs, { recursive: true });
  return { path, logs, secrets: await loadSecrets(path) };
}

function lockFolder(path: string): Promise<FileLock> {
  return lockFile(
    join(path, "lock"),
    (pid) => `Cannot use ${path}: another system runs on it (pid ${pid}). End that one first`,
  );
}

async function emptyFolder(path: string): Promise<void> {
  for await (const { name } of Deno.readDir(path)) {
    if (!KEPT_BY_FRESH.has(name)) await Deno.remove(resolve(path, name), { recursive: true });
  }
}
