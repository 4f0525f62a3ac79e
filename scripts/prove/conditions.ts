/**
 * The machine and the version that a run's figures belong to.
 *
 * @module
 */

import { cpus, totalmem } from "node:os";
import { VERSION } from "shared/version.ts";
import type { Conditions } from "./part.ts";

const CHECKOUT = import.meta.dirname!;
const GIB = 2 ** 30;

export async function conditionsHere(): Promise<Conditions> {
  const commit = await commitHere();
  return {
    cores: navigator.hardwareConcurrency,
    processor: cpus()[0]?.model.trim() || Deno.build.arch,
    memory_gib: Math.round(totalmem() / GIB),
    system: `${Deno.build.os} ${Deno.osRelease()}`,
    deno: Deno.version.deno,
    version: VERSION,
    ...(commit && { commit }),
  };
}

/** `undefined` outside a checkout, or without git. */
async function commitHere(): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args: ["describe", "--always", "--dirty"],
      cwd: CHECKOUT,
      stderr: "null",
    }).output();
    if (success) return new TextDecoder().decode(stdout).trim();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
