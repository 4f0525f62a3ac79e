/**
 * Releases for tests of targets: the files of this checkout, as they are, with what is changed in them.
 *
 * @module
 */

import { join } from "node:path";
import { type Release, releaseIdOf, type ReleaseSettings } from "../../release.ts";

const ROOT = join(import.meta.dirname!, "../../../..");
const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const FIRST_MS = Date.UTC(2026, 0, 1);

export interface TestReleaseOptions {
  /** Such as `0.1.1`: what its programs say at `/version`. */
  version: string;
  environments: ReleaseSettings;
  /** The text of files that are others than in this checkout. */
  changed?: Readonly<Record<string, string>>;
}

/** `nth`: of two releases the later one has the higher number. */
export function testRelease(nth: number, options: TestReleaseOptions): Release {
  const { version, environments, changed = {} } = options;
  const origin = { version, commit: COMMIT, dirty: true, atMs: FIRST_MS + nth * 1000 };
  return {
    ...origin,
    id: releaseIdOf(origin),
    environments,
    async unpack(folder) {
      await copyCheckout(folder);
      const file = join(folder, "shared/version.ts");
      const text = await Deno.readTextFile(file);
      await Deno.writeTextFile(
        file,
        text.replace(/(?<=VERSION = )"[^"]*"/, JSON.stringify(version)),
      );
      for (const [path, content] of Object.entries(changed)) {
        await Deno.writeTextFile(join(folder, path), content);
      }
    },
  };
}

/** What git knows, and what it does not ignore. */
async function copyCheckout(folder: string): Promise<void> {
  const script = `git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do [ -f "$file" ] && printf '%s\\0' "$file"; done |
    tar --null -T - -c -f - | tar -x -C "$1" -f -`;
  const { success, stderr } = await new Deno.Command("bash", {
    args: ["-o", "pipefail", "-c", script, "bash", folder],
    cwd: ROOT,
  }).output();
  if (!success) throw new Error(`Cannot copy: ${new TextDecoder().decode(stderr)}`);
}
