/**
 * A checkout of the project of its own, from which releases are deployed: good ones, and broken ones.
 *
 * Invariant: each release is a commit on top of the project as it is, and of nothing else. The working
 * tree of the project is only read.
 *
 * @module
 */

import { join } from "node:path";
import { run } from "testing/dev.ts";
import { copyProject, plantInto } from "../plants/copy.ts";
import type { Edit } from "../plants/plant.ts";

export interface Outcome {
  code: number;
  printed: string;
  told: string;
}

export interface Checkout extends AsyncDisposable {
  readonly path: string;
  /** The next release is the project with these edits and files. */
  commit(title: string, edits?: readonly Edit[], files?: Record<string, string>): Promise<void>;
  /** `deno task deploy`, as whoever has this checkout would type it. */
  deploy(args: readonly string[]): Promise<Outcome>;
}

/** Of what git would see of a copy that is a link in the original's place. */
const LINKS = "/node_modules\n/.cache\n";
const BASE = "base";

export async function checkoutOfProject(): Promise<Checkout> {
  await using stack = new AsyncDisposableStack();
  const copy = stack.use(await copyProject());
  const { path } = copy;
  await git(path, "init", "--quiet");
  await Deno.writeTextFile(join(path, ".git/info/exclude"), LINKS);
  await commitAll(path, "The project as it is");
  await git(path, "tag", BASE);
  const owned = stack.move();
  return {
    path,
    async commit(title, edits = [], files = {}) {
      await git(path, "reset", "--quiet", "--hard", BASE);
      await plantInto(copy, { edits });
      for (const [file, text] of Object.entries(files)) {
        await Deno.writeTextFile(join(path, file), text);
      }
      await commitAll(path, title);
    },
    async deploy(args) {
      const child = run(["scripts/deploy/main.ts", ...args], path);
      const { code } = await child.status;
      await child.drained;
      return { code, printed: child.printed(), told: child.told() };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function commitAll(path: string, title: string): Promise<void> {
  await git(path, "add", "--all");
  await git(path, "commit", "--quiet", "--allow-empty", "--message", title);
}

async function git(path: string, ...args: string[]): Promise<void> {
  const identity = ["-c", "user.name=Fanfare", "-c", "user.email=fanfare@example.com"];
  const { success, stderr } = await new Deno.Command("git", {
    args: ["-C", path, ...identity, ...args],
  }).output();
  if (success) return;
  throw new Error(`Cannot git ${args[0]}: ${new TextDecoder().decode(stderr).trim()}`);
}
