/**
 * The release before this one, as it was delivered: for tests of what happens while both run.
 *
 * Invariant: it comes from history, with the packages of its own lock; where history lacks it, that
 * is said, and nothing else is tested in its place.
 *
 * @module
 */

import { join } from "node:path";
import { unpack } from "../deploy/source.ts";
import { installPackages } from "../deploy/targets/local/releases.ts";
import type { OtherRelease } from "../dev/program.ts";
import { temporaryDirectory } from "./temporary_directory.ts";

const CHECKOUT = join(import.meta.dirname!, "../..");
const CHANGES = join(CHECKOUT, ".github/CHANGELOG.md");

export interface Released {
  version: string;
  commit: string;
}

export interface PreviousRelease extends OtherRelease, Released, AsyncDisposable {}

/** The newest of the table of releases. */
export function newestIn(changes: string): Released {
  const [, version, commit] = /^\| (\d+\.\d+\.\d+) +\| `([0-9a-f]{40})` +\|/m.exec(changes) ?? [];
  if (!version || !commit) throw new Error("Cannot tell what was released: no row names a commit");
  return { version, commit };
}

export async function previousRelease(): Promise<PreviousRelease> {
  const released = newestIn(await Deno.readTextFile(CHANGES));
  await assertInHistory(released);
  await using stack = new AsyncDisposableStack();
  const { path: files } = stack.use(await temporaryDirectory("previous-release"));
  await unpack(CHECKOUT, released.commit, files);
  await installPackages(files);
  const { tasks } = JSON.parse(await Deno.readTextFile(join(files, "deno.json")));
  const owned = stack.move();
  return { ...released, files, tasks, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function assertInHistory({ version, commit }: Released): Promise<void> {
  const { success } = await new Deno.Command("git", {
    args: ["-C", CHECKOUT, "cat-file", "-e", `${commit}^{commit}`],
    stderr: "null",
  }).output();
  if (success) return;
  throw new Error(
    `Cannot start release ${version}: this clone has no commit ${commit}; ` +
      "bring its whole history with: git fetch --unshallow",
  );
}
