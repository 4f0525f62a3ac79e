/**
 * The folder that is brought to Deno Deploy: an edge, what it imports, and a `deno.json` of its own.
 *
 * Invariant: no test, no origin and no script is in it, and of the packages only those whose home is in
 * the edge or in what is shared, each at the version that the release has locked.
 *
 * @module
 */

import { join } from "node:path";
import { isForTests, PACKAGE_HOMES } from "../../../lint/tree.ts";

export interface App {
  name: string;
  organisation?: string;
}

const ENTRYPOINT = "edge/main.ts";
const PARTS = ["edge", "shared"];

type Imports = Readonly<Record<string, string>>;

interface DenoJson {
  imports: Imports;
  compilerOptions: Readonly<Record<string, unknown>>;
}

/** `from`: the files of a release; `to`: a folder that exists. */
export async function writeAppFolder(from: string, to: string, app: App): Promise<void> {
  for (const part of PARTS) await copyFiles(from, to, part);
  const own = JSON.parse(await Deno.readTextFile(join(from, "deno.json"))) as DenoJson;
  const config = `${JSON.stringify(configOf(own, app), null, 2)}\n`;
  await Deno.writeTextFile(join(to, "deno.json"), config);
  await Deno.copyFile(join(from, "deno.lock"), join(to, "deno.lock"));
  await shortenLock(to);
}

/** Pure. */
export function configOf({ imports, compilerOptions }: DenoJson, { name, organisation }: App) {
  return {
    imports: importsOfEdge(imports),
    compilerOptions,
    deploy: {
      app: name,
      ...(organisation !== undefined && { org: organisation }),
      runtime: { type: "dynamic", entrypoint: ENTRYPOINT },
    },
  };
}

function importsOfEdge(imports: Imports): Imports {
  const isOurs = (specifier: string) => PARTS.some((part) => specifier === `${part}/`);
  const isNeeded = (specifier: string) => {
    const name = specifier.replace(/\/$/, "");
    return PACKAGE_HOMES[name]?.some((home) => PARTS.some((part) => home.startsWith(`${part}/`)));
  };
  return Object.fromEntries(
    Object.entries(imports).filter(([specifier]) => isOurs(specifier) || isNeeded(specifier)),
  );
}

async function copyFiles(from: string, to: string, folder: string): Promise<void> {
  await Deno.mkdir(join(to, folder), { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(join(from, folder))) {
    const path = `${folder}/${name}`;
    if (isForTests(isDirectory ? `${path}/` : path)) continue;
    if (isDirectory) await copyFiles(from, to, path);
    else await Deno.copyFile(join(from, path), join(to, path));
  }
}

/** To what is left of the imports: versions stay, and so do the hashes of what is fetched. */
async function shortenLock(folder: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet", "--entrypoint", ENTRYPOINT],
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdout: "null",
  }).output();
  if (success) return;
  throw new Error(
    `Cannot lock the packages of the edge: ${new TextDecoder().decode(stderr).trim()}`,
  );
}
