/**
 * A release made of what git has: of a commit, or, when that is asked for, of the work tree.
 *
 * Invariant: only what git tracks, or would, gets into a release; the work tree and the index are only
 * read. What is not committed is never taken unasked.
 *
 * @module
 */

import { UsedWrongly } from "../cli/run.ts";
import { type Release, releaseIdOf, type ReleaseSettings } from "./release.ts";

export interface SourceOptions {
  /** Of the checkout. */
  root: string;
  /** Take the work tree as it is. */
  dirty: boolean;
  environments: ReleaseSettings;
  nowMs(): number;
}

/** @throws {UsedWrongly} When there is something that is not committed. */
export async function releaseOf(options: SourceOptions): Promise<Release> {
  const { root, environments, nowMs } = options;
  const commit = await git(root, ["rev-parse", "HEAD"]);
  const changes = (await git(root, ["status", "--porcelain"])).split("\n").filter((line) => line);
  if (changes.length > 0 && !options.dirty) {
    const files = changes.slice(0, 3).map((line) => line.slice(3)).join(", ");
    const more = changes.length > 3 ? ` and ${changes.length - 3} more` : "";
    throw new UsedWrongly(
      `${files}${more} is not committed: commit it, or take the work tree as it is, with --dirty`,
    );
  }
  const dirty = changes.length > 0;
  const tree = dirty ? await workTreeOf(root) : commit;
  const version = versionIn(await git(root, ["show", `${tree}:shared/version.ts`]));
  const made = { version, commit, dirty, atMs: nowMs() };
  return {
    ...made,
    id: releaseIdOf(made),
    environments,
    unpack: (folder) => unpack(root, tree, folder),
  };
}

function versionIn(text: string): string {
  const [, version] = /VERSION = "([^"]+)"/.exec(text) ?? [];
  if (version === undefined) throw new Error("Cannot tell the version: see shared/version.ts");
  return version;
}

/** The work tree as an object of git, by an index of its own. */
async function workTreeOf(root: string): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "fanfare-index-" });
  try {
    const env = { GIT_INDEX_FILE: `${folder}/index` };
    await git(root, ["read-tree", "HEAD"], env);
    await git(root, ["add", "--all"], env);
    return await git(root, ["write-tree"], env);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Writes the files of a commit, or of any other tree that git has, into an empty folder. */
export async function unpack(root: string, tree: string, folder: string): Promise<void> {
  const pipe = 'git -C "$1" archive --format=tar "$2" | tar -x -C "$3"';
  await run("sh", ["-c", pipe, "unpack", root, tree, folder], {});
}

function git(root: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  return run("git", ["-C", root, ...args], env);
}

async function run(command: string, args: string[], env: Record<string, string>): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, env }).output()
    .catch((cause) => {
      throw new Error(`Cannot run ${command}: ${cause.message}`, { cause });
    });
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout).trimEnd();
  throw new Error(`Cannot make a release: ${decoder.decode(stderr).trim()}`);
}
