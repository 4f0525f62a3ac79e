/**
 * The tools of systemd that need no running systemd.
 *
 * Invariant: all are of one release, 250 or newer. Knows nothing of our units.
 *
 * @module
 */

import { join } from "node:path";
import { isFile } from "./paths.ts";
import { findProgram, type ProgramNeeds } from "./programs.ts";

const NEEDS: ProgramNeeds = {
  name: "systemd-analyze",
  version: /^systemd (\d+)/,
  atLeast: [250, 0],
  // There is none on macOS, by brew or otherwise.
  brewFormula: "nothing: systemd is for Linux",
  packages: ["systemd"],
  dependencies: "lacking",
  packagedAt: "usr/bin/systemd-analyze",
  ownLibraries: "systemd",
};

/** Runs one of them, such as `systemd-analyze`; resolves to what it printed. @throws {MissingProgram} */
export async function systemd(
  tool: string,
  ...args: string[]
): Promise<{ success: boolean; printed: string }> {
  const { command } = await findProgram(NEEDS, {});
  const program = command.at(-1)!;
  const fetched = program.endsWith(`/${NEEDS.packagedAt}`)
    ? besides(program.slice(0, -NEEDS.packagedAt.length), tool)
    : undefined;
  const [first, ...words] = [...command.slice(0, -1), fetched?.program ?? tool, ...args];
  const { success, stdout, stderr } = await new Deno.Command(first!, {
    args: words,
    env: { SYSTEMD_PAGER: "cat", SYSTEMD_COLORS: "0", ...fetched?.env },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { success, printed: text(stdout) + text(stderr) };
}

/** Where a tool is that was fetched, and the units that ours name: the system has none of them. */
function besides(root: string, tool: string) {
  const places = ["usr/bin", "bin"].map((folder) => join(root, folder, tool));
  const units = ["usr/lib", "lib"].map((folder) => join(root, folder, "systemd/system"));
  return {
    program: places.find(isFile) ?? tool,
    // What follows the last colon is where systemd would have looked.
    env: { SYSTEMD_UNIT_PATH: `${units.join(":")}:` },
  };
}
