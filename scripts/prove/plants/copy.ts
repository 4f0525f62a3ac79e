/**
 * Copies of the project, in which bugs are planted.
 *
 * Invariant: the working tree is only read. A copy shares what is large and never changed, the
 * packages and the programs that were fetched, and is gone when it is disposed of.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { edited, filesOf, type Plant } from "./plant.ts";

const ROOT = join(import.meta.dirname!, "../../..");
const SHARED = ["node_modules", ".cache"];
const LEFT_OUT = new Set([...SHARED, ".git"]);

export interface Copy extends AsyncDisposable {
  readonly path: string;
}

export async function copyProject(): Promise<Copy> {
  const directory = await temporaryDirectory("plant");
  for (const path of projectFiles()) {
    await Deno.mkdir(join(directory.path, dirname(path)), { recursive: true });
    await Deno.copyFile(join(ROOT, path), join(directory.path, path));
  }
  for (const name of SHARED) {
    await Deno.mkdir(join(ROOT, name), { recursive: true });
    await Deno.symlink(join(ROOT, name), join(directory.path, name));
  }
  return directory;
}

/** @throws {Error} When the plant does not fit the source. */
export async function plantInto(copy: Copy, plant: Pick<Plant, "edits">): Promise<void> {
  for (const [file, edits] of filesOf(plant)) {
    const path = join(copy.path, file);
    await Deno.writeTextFile(path, edited(await Deno.readTextFile(path), edits));
  }
}

export async function readProjectFile(file: string): Promise<string> {
  return await Deno.readTextFile(join(ROOT, file));
}

/** Relative to the root. */
function* projectFiles(folder = ""): Generator<string> {
  for (const { name, isFile, isDirectory } of Deno.readDirSync(join(ROOT, folder))) {
    if (folder === "" && LEFT_OUT.has(name)) continue;
    if (isDirectory) yield* projectFiles(join(folder, name));
    else if (isFile) yield join(folder, name);
  }
}
