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
import { isDirectory, isFile } from "./paths.ts";

export interface PackageSource {
  distribution: string;
  suite: string;
  components: string;
  uri: string;
  keyring: string;
  /** Where else the system gets packages of this suite: mended, and so newer, ones. */
  updates: { uri: string; suite: string }[];
}

const KEYRINGS: Record<string, { components: string; files: string[] }> = {
  debian: {
    components: "main",
    files: ["debian-archive-keyring.pgp", "debian-archive-keyring.gpg"],
  },
  ubuntu: { components: "main universe", files: ["ubuntu-archive-keyring.gpg"] },
};

/** Without them, what is fetched may not go with what the system has installed of them. */
const UPDATES = ["updates", "security"];

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
  const found = [...new Set(targets.split("\n"))].map((line) => line.split(" "));
  const places = found.map(([uri = "", of = ""]) => ({ uri, suite: of }));
  const uri = places.find((place) => place.suite === suite)?.uri;
  if (!keyring || !uri) return;
  const updates = places.filter((place) => UPDATES.some((of) => place.suite === `${suite}-${of}`));
  return { distribution, suite, components: known.components, uri, keyring, updates };
}

/**
 * What comes with a package:
 * - `libraries`: those that it directly depends on, of its own suite.
 * - `lacking`: whatever it needs and this system does not have, as apt would install it. For the
 *   system's own suite only: of another, that would be half a system.
 */
export type Dependencies = "libraries" | "lacking";

/**
 * Unpacks packages, and what they need, into `target`.
 *
 * @throws {Error} With what apt said.
 */
export async function fetchDebianPackages(
  packages: string[],
  target: string,
  source: PackageSource,
  dependencies: Dependencies = "libraries",
): Promise<void> {
  await Deno.mkdir(dirname(target), { recursive: true });
  const work = await Deno.makeTempDir({ dir: dirname(target), prefix: ".fetching-" });
  try {
    const apt = await prepareApt(work, source);
    await run("apt-get", [...apt, "update"]);
    const archives = join(work, "archives");
    if (dependencies === "lacking") {
      const install = ["install", "--yes", "--download-only", "--no-install-recommends"];
      await run("apt-get", [...apt, ...install, ...packages]);
    } else {
      const wanted = [...packages, ...await librariesOf(packages, apt)];
      await run("apt-get", [...apt, "download", ...wanted], archives);
    }
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
  const lines = [source, ...source.updates].map(({ uri, suite }) =>
    `deb [signed-by=${source.keyring}] ${uri} ${suite} ${source.components}\n`
  );
  await Deno.writeTextFile(list, lines.join(""));
  for (const directory of ["state/lists/partial", "cache", "archives/partial"]) {
    await Deno.mkdir(join(work, directory), { recursive: true });
  }
  const settings = {
    "Dir::Etc::sourcelist": list,
    "Dir::Etc::sourceparts": "-",
    "Dir::State": join(work, "state"),
    "Dir::State::status": "/var/lib/dpkg/status",
    "Dir::Cache": join(work, "cache"),
    "Dir::Cache::archives": join(work, "archives"),
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
