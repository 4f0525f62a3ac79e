/**
 * For tests: a small repository of git that a release can be made of.
 *
 * @module
 */

import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";

export interface Repository extends AsyncDisposable {
  readonly root: string;
  write(file: string, text: string): Promise<void>;
  git(...args: string[]): Promise<void>;
}

/** With one commit: `kept.ts`, `gone.ts`, and a version, 1.2.3. */
export async function testRepository(): Promise<Repository> {
  const directory = await temporaryDirectory("repository");
  const { path: root } = directory;
  const repository: Repository = {
    root,
    async write(file, text) {
      await Deno.mkdir(join(root, file, ".."), { recursive: true });
      await Deno.writeTextFile(join(root, file), text);
    },
    async git(...args) {
      const identity = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com"];
      const { success } = await new Deno.Command("git", {
        args: ["-C", root, ...identity, ...args],
      }).output();
      if (!success) throw new Error(`Cannot git ${args.join(" ")}`);
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
  await repository.git("init", "--quiet");
  await repository.write("shared/version.ts", 'export const VERSION = "1.2.3";\n');
  await repository.write("kept.ts", "committed");
  await repository.write("gone.ts", "committed");
  await repository.write(".gitignore", ".cache/\n");
  await repository.git("add", "--all");
  await repository.git("commit", "--quiet", "--message", "One");
  return repository;
}
