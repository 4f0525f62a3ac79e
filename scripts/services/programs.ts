/**
 * Finding programs that npm does not carry: where the user says, on the PATH, in `.cache`, and
 * else fetched from the system's own, signed package archive, without touching the system.
 *
 * Invariant: what is found has been run and has told its version. What cannot be found ends in a
 * `MissingProgram` that names the one command that helps. Nothing is ever skipped.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { type Dependencies, fetchDebianPackages, systemSource } from "./debian_packages.ts";

/** Its message is meant for whoever typed the command; a stack would not help them. */
export class MissingProgram extends Error {
  override name = "MissingProgram";
}

export interface ProgramNeeds {
  name: string;
  /** What else does as well, when it is installed. */
  alsoCalled?: readonly string[];
  /** How it is asked for its version; default `--version`. */
  asked?: readonly string[];
  /** Found in what it then prints. */
  version: RegExp;
  atLeast: [major: number, minor: number];
  brewFormula: string;
  /** The environment variable that a program reads `explicit` from. */
  variable?: string;
  packages: string[];
  /** Default: the libraries that they name. */
  dependencies?: Dependencies;
  /** Where the package has the program, relative to where it is unpacked. */
  packagedAt: string;
  /** Where the packages have libraries of their own, below the folder of libraries. */
  ownLibraries?: string;
  /** Another suite than the system's own, which may be too old. */
  suites?: Partial<Record<string, string>>;
}

export interface ProgramSearch {
  /** What the user says, for instance in `$NATS_SERVER`; if it does not do, nothing else is tried. */
  explicit?: string | undefined;
  /** Where fetched programs live between runs. */
  cacheDir?: string;
  /** Told before something is fetched, which takes seconds. */
  onFetch?: (what: string) => void;
}

export interface Program {
  /** The command and what goes before its arguments. */
  command: [string, ...string[]];
  version: string;
}

/** The checkout's own cache, which git ignores. */
export const CACHE_DIR = join(import.meta.dirname!, "../../.cache");

export async function findProgram(needs: ProgramNeeds, search: ProgramSearch): Promise<Program> {
  if (search.explicit) return await expectProgram(needs, search.explicit);
  const unpacked = join(search.cacheDir ?? CACHE_DIR, needs.name);
  for (const name of [needs.name, ...needs.alsoCalled ?? []]) {
    const installed = await tryProgram(needs, [name]);
    if (installed) return installed;
  }
  return await tryProgram(needs, packagedCommand(needs, unpacked)) ??
    await fetchProgram(needs, unpacked, search);
}

async function expectProgram(needs: ProgramNeeds, path: string): Promise<Program> {
  const program = await tryProgram(needs, [path]);
  if (program) return program;
  throw new MissingProgram(
    `Cannot use ${path}: it is no ${needs.name} ${needs.atLeast.join(".")} or newer`,
  );
}

async function tryProgram(
  needs: ProgramNeeds,
  command: [string, ...string[]],
): Promise<Program | undefined> {
  const printed = await outputOf([...command, ...needs.asked ?? ["--version"]]);
  const version = printed?.match(needs.version)?.[1];
  if (version && isAtLeast(version, needs.atLeast)) return { command, version };
}

async function fetchProgram(
  needs: ProgramNeeds,
  unpacked: string,
  search: ProgramSearch,
): Promise<Program> {
  if (Deno.build.os === "darwin") throw missing(needs, "", `brew install ${needs.brewFormula}`);
  const name = needs.variable ? `set ${needs.variable} to one` : `put ${needs.name} on the PATH`;
  const source = await systemSource();
  if (!source) throw missing(needs, "", name);
  using _lock = await lock(`${unpacked}.lock`);
  const fetched = await tryProgram(needs, packagedCommand(needs, unpacked));
  if (fetched) return fetched;
  const suite = needs.suites?.[source.distribution] ?? source.suite;
  const updates = suite === source.suite ? source.updates : [];
  search.onFetch?.(`${needs.name} from ${source.distribution} ${suite}`);
  try {
    const from = { ...source, suite, updates };
    await fetchDebianPackages(needs.packages, unpacked, from, needs.dependencies);
  } catch (error) {
    const again = `the network, once, or ${name}`;
    throw missing(needs, error instanceof Error ? error.message : String(error), again);
  }
  const program = await tryProgram(needs, packagedCommand(needs, unpacked));
  if (program) return program;
  throw missing(needs, `That of ${source.distribution} ${suite} is older, or does not run.`, name);
}

/** Libraries that came with a package are found beside it. */
function packagedCommand(needs: ProgramNeeds, unpacked: string): [string, ...string[]] {
  const folders = ["usr/lib", "lib"].map((folder) => join(unpacked, folder, libraryTriplet()));
  const own = needs.ownLibraries === undefined ? [] : [join(folders[0]!, needs.ownLibraries)];
  const libraries = [...folders, ...own].join(":");
  return ["env", `LD_LIBRARY_PATH=${libraries}`, join(unpacked, needs.packagedAt)];
}

function libraryTriplet(): string {
  return `${Deno.build.arch}-linux-gnu`;
}

/** Of two processes that want the same program, the second finds what the first fetched. */
async function lock(path: string): Promise<Deno.FsFile> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const file = await Deno.open(path, { create: true, write: true });
  await file.lock(true);
  return file;
}

function missing(needs: ProgramNeeds, reason: string, mend: string): MissingProgram {
  const version = needs.atLeast.join(".");
  return new MissingProgram(
    `Cannot find ${needs.name} ${version} or newer. What helps: ${mend}${reason && `\n${reason}`}`,
  );
}

function isAtLeast(version: string, [major, minor]: [number, number]): boolean {
  const [a = 0, b = 0] = version.split(".").map(Number);
  return a > major || (a === major && b >= minor);
}

/** `undefined` when it is not there or fails. */
async function outputOf([command, ...args]: [string, ...string[]]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(command, { args, stderr: "null" }).output();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}
