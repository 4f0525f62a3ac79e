/**
 * Packages of Debian and Ubuntu, fetched and unpacked beside the system instead of into it.
 *
 * apt does the work, with the machine's own mirror, proxy and keys, so signatures are checked as
 * always; only its lists and caches are in a temporary directory, so neither root nor a fresh
 * `apt-get update` is needed. Invariant: the target directory is whole or absent.
 *
 * @module
 */

import { dirname, join } from "node:path";

export interface PackageSource {
  distribution: string;
  suite: string;
  components: string;
  uri: string;
  keyring: string;
}

const KEYRINGS: Record<string, { components: string; files: string[] }> = {
  debian: {
    components: "main",
    files: ["debian-archive-keyring.pgp", "debian-archive-keyring.gpg"],
  },
  ubuntu: { components: "main universe", files: ["ubuntu-archive-keyring.gpg"] },
};

/** Where this system gets its packages from; `undefined` when it is neither Debian nor Ubuntu. */
export async function systemSource(): Promise<PackageSource | undefined> {
  const release = readRelease();
  const distribution = release.ID ?? "";
  const known = KEYRINGS[distribution];
  const suite = release.VERSION_CODENAME;
  if (!known || !suite) return;
  const keyring = known.files.map((file) => `/usr/share/keyrings/${file}`).find(isFile);
  const targets = await run("apt-get", [
    ...["indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"],
  ]);
  const own = targets.split("\n").find((line) => line.endsWith(` ${suite}`));
  if (!keyring || !own) return;
  return { distribution, suite, components: known.components, uri: own.split(" ")[0]!, keyring };
}

/**
 * Unpacks packages, and the libraries that they directly depend on, into `target`.
 *
 * @throws {Error} With what apt said.
 */
export async function fetchDebianPackages(
  packages: string[],
  target: string,
  source: PackageSource,
): Promise<void> {
  await Deno.mkdir(dirname(target), { recursive: true });
  const work = await Deno.makeTempDir({ dir: dirname(target), prefix: ".fetching-" });
  try {
    const apt = await prepareApt(work, source);
    await run("apt-get", [...apt, "update"]);
    const wanted = [...packages, ...await librariesOf(packages, apt)];
    const archives = join(work, "archives");
    await run("apt-get", [...apt, "download", ...wanted], archives);
    const unpacked = join(work, "unpacked");
    await Deno.mkdir(unpacked);
    for (const { name } of Deno.readDirSync(archives)) {
      if (name.endsWith(".deb")) await run("dpkg-deb", ["-x", join(archives, name), unpacked]);
    }
    if (isDirectory(target)) await Deno.remove(target, { recursive: true });
    await Deno.rename(unpacked, target);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** The options that turn apt away from the system's own state. */
async function prepareApt(work: string, source: PackageSource): Promise<string[]> {
  const list = join(work, "sources.list");
  const { keyring, uri, suite, components } = source;
  await Deno.writeTextFile(list, `deb [signed-by=${keyring}] ${uri} ${suite} ${components}\n`);
  for (const directory of ["state/lists/partial", "cache/archives/partial", "archives"]) {
    await Deno.mkdir(join(work, directory), { recursive: true });
  }
  const settings = {
    "Dir::Etc::sourcelist": list,
    "Dir::Etc::sourceparts": "-",
    "Dir::State": join(work, "state"),
    "Dir::State::status": "/var/lib/dpkg/status",
    "Dir::Cache": join(work, "cache"),
    "Acquire::Languages": "none",
    "APT::Update::Error-Mode": "any",
    "APT::Update::Post-Invoke-Success": "",
    "APT::Sandbox::User": "root",
    "Debug::NoLocking": "true",
  };
  return ["-q", ...Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`])];
}

/** All but the C library, which must be the system's. */
async function librariesOf(packages: string[], apt: string[]): Promise<string[]> {
  const depends = await run("apt-cache", [...apt, "depends", "--important", ...packages]);
  const names = [...depends.matchAll(/Depends: ((?:lib|lua)\S+)/g)].map(([, name]) => name!);
  return [...new Set(names)].filter((name) => name !== "libc6");
}

function readRelease(): Record<string, string> {
  if (!isFile("/etc/os-release")) return {};
  const lines = Deno.readTextFileSync("/etc/os-release").matchAll(/^(\w+)="?([^"\n]*)"?$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name, value]));
}

async function run(command: string, args: string[], cwd?: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    env: { LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
    ...(cwd ? { cwd } : {}),
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (!success) throw new Error(`Cannot run ${command}: ${text(stderr)}`);
  return text(stdout);
}

function isFile(path: string): boolean {
  return kindOf(path)?.isFile ?? false;
}

function isDirectory(path: string): boolean {
  return kindOf(path)?.isDirectory ?? false;
}

function kindOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
