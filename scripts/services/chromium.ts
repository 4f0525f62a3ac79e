/**
 * A real browser without a window, for looking at pages of ours.
 *
 * Invariant: it is Chromium 123 or newer, and talks to nobody but whom its pages ask. Knows nothing
 * of what is looked at.
 *
 * @module
 */

import { join } from "node:path";
import type { Browser } from "playwright-core";
import { isThere } from "./paths.ts";
import { findProgram, type Program, type ProgramNeeds, type ProgramSearch } from "./programs.ts";

const NEEDS: ProgramNeeds = {
  name: "chromium-headless-shell",
  alsoCalled: ["chromium"],
  version: /Chromium (\d\S*)/,
  atLeast: [123, 0],
  brewFormula: "--cask chromium",
  variable: "CHROMIUM",
  packages: ["chromium-headless-shell"],
  dependencies: "lacking",
  ownLibraries: "pulseaudio",
  packagedAt: "usr/lib/chromium/chromium-headless-shell",
};
const FLAGS = [
  // Root has no sandbox; the pages are ours.
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--no-first-run",
  "--disable-quic",
  "--disable-sync",
];

/** @throws {MissingProgram} */
export function findChromium(search: ProgramSearch = {}): Promise<Program> {
  return findProgram(NEEDS, { explicit: Deno.env.get("CHROMIUM"), ...search });
}

/** Ends with its `close`; what it keeps is gone with it. @throws {MissingProgram} */
export async function startChromium(): Promise<Browser> {
  const { command } = await findChromium();
  const chromium = await driver();
  const settings = command.slice(0, -1).filter((word) => word.includes("="));
  const path = command.at(-1)!;
  return await chromium.launch({
    executablePath: path.includes("/") ? path : pathOf(path),
    args: FLAGS,
    env: {
      ...Deno.env.toObject(),
      ...Object.fromEntries(settings.map((setting) => setting.split(/=(.*)/s))),
      ...fontsBeside(path),
    },
  });
}

/**
 * The package looks for Windows below `/proc`, which only a program with all permissions may: it is
 * loaded as its own tests load it, without looking.
 */
async function driver() {
  const UNSEEN = "__IS_WSL_TEST__";
  Deno.env.set(UNSEEN, "1");
  try {
    return (await import("playwright-core")).chromium;
  } finally {
    Deno.env.delete(UNSEEN);
  }
}

/** Where the shell would find it. */
function pathOf(name: string): string {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return folders.map((folder) => join(folder, name)).find(isThere) ?? name;
}

/** A system without fonts has them fetched with the program. */
function fontsBeside(path: string): Record<string, string> {
  const root = join(path, "../../../..");
  if (isThere("/etc/fonts/fonts.conf") || !isThere(join(root, "etc/fonts"))) return {};
  return { FONTCONFIG_PATH: join(root, "etc/fonts"), XDG_DATA_HOME: join(root, "usr/share") };
}
