/**
 * Being told when files of a folder have changed.
 *
 * Invariant: of changes in quick succession one is told, when the last of them is a moment ago; that
 * a file is read is none.
 *
 * @module
 */

import { basename } from "node:path";

const CALM_MS = 200;
const CHANGES: ReadonlySet<Deno.FsEvent["kind"]> = new Set(["create", "modify", "rename"]);

export function onFileChange(
  folder: string,
  names: readonly string[],
  act: () => void,
): AsyncDisposable {
  const watcher = Deno.watchFs(folder, { recursive: false });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const watching = (async () => {
    for await (const { kind, paths } of watcher) {
      if (!CHANGES.has(kind) || !paths.some((path) => names.includes(basename(path)))) continue;
      clearTimeout(timer);
      timer = setTimeout(act, CALM_MS);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      watcher.close();
      await watching;
      clearTimeout(timer);
    },
  };
}
