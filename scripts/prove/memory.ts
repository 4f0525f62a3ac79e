/**
 * The most memory that a process of each role of a system took, and the one that carries the load.
 *
 * Invariant: it looks from outside, at whatever process has the role then. Where there is no `/proc`
 * it knows only its own.
 *
 * @module
 */

import type { State } from "../dev/state.ts";
import type { Figures } from "./part.ts";

export interface MemoryWatch extends AsyncDisposable {
  /** The highest of each, in MiB. */
  readonly figures: Figures;
}

const EVERY_MS = 2_000;
const BYTES_PER_MIB = 2 ** 20, KIB_PER_MIB = 1_024;

export function watchMemory(stateNow: () => State): MemoryWatch {
  const figures: Figures = {};
  let looking = Promise.resolve();
  const look = async () => {
    note(figures, "load", Deno.memoryUsage().rss / BYTES_PER_MIB);
    const { edges, origins } = stateNow();
    const roles = new Map(edges.map(({ pid }) => [pid, "edge"]));
    for (const { pid } of origins) roles.set(pid, "origin");
    for (const [pid, mib] of await residentMib([...roles.keys()])) {
      note(figures, roles.get(pid)!, mib);
    }
  };
  const timer = setInterval(() => looking = looking.then(look), EVERY_MS);
  return {
    figures,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await looking;
    },
  };
}

function note(figures: Figures, role: string, mib: number): void {
  const name = `${role}_memory_max_mib`;
  figures[name] = Math.max(figures[name] ?? 0, Math.round(mib));
}

/** By pid; those that are gone are left out. Read by a program, for Deno guards `/proc`. */
export async function residentMib(pids: readonly number[]): Promise<Map<number, number>> {
  const files = pids.map((pid) => `/proc/${pid}/status`);
  const { stdout } = await new Deno.Command("grep", {
    args: ["-sH", "VmRSS:", ...files],
    stderr: "null",
  }).output();
  const lines = new TextDecoder().decode(stdout).matchAll(/\/(\d+)\/status:VmRSS:\s+(\d+) kB/g);
  return new Map([...lines].map(([, pid, kib]) => [Number(pid), Number(kib) / KIB_PER_MIB]));
}
