/**
 * What processes have used of the processor, from `/proc`.
 *
 * Invariant: a process and the children it has now, and had, count together, as Postgres needs.
 * Where there is no `/proc` nothing is known, and nothing is made up.
 *
 * @module
 */

/** The kernel's clock ticks are 100 a second on every Linux that Deno runs on. */
const TICK_US = 10_000;

/** Microseconds used since each named process started; `undefined` without `/proc`. */
export type CpuSample = ReadonlyMap<string, number>;

export async function sampleCpu(
  pids: ReadonlyMap<string, readonly number[]>,
): Promise<CpuSample | undefined> {
  const processes = await readProcesses();
  if (!processes) return;
  const sample = new Map<string, number>();
  for (const [name, roots] of pids) {
    let ticks = 0;
    for (const process of processes) {
      if (roots.includes(process.pid)) ticks += process.ticks + process.reapedTicks;
      else if (roots.includes(process.parent)) ticks += process.ticks;
    }
    sample.set(name, ticks * TICK_US);
  }
  return sample;
}

export function cpuBetween(
  before: CpuSample | undefined,
  after: CpuSample | undefined,
): Record<string, number> {
  if (!before || !after) return {};
  return Object.fromEntries([...after].map(([name, us]) => [name, us - (before.get(name) ?? 0)]));
}

interface ProcessTimes {
  pid: number;
  parent: number;
  ticks: number;
  /** Of children that have ended. */
  reapedTicks: number;
}

async function readProcesses(): Promise<ProcessTimes[] | undefined> {
  if (Deno.build.os !== "linux") return;
  const found: ProcessTimes[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      found.push(parseStat(Number(name), await Deno.readTextFile(`/proc/${name}/stat`)));
    } catch (error) {
      // It ended between the listing and the reading.
      if (!(error instanceof Deno.errors.NotFound) && !isGone(error)) throw error;
    }
  }
  return found;
}

/** The second field is the program's name in parentheses, and may hold anything. */
export function parseStat(pid: number, stat: string): ProcessTimes {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
  const [parent, user, system, reapedUser, reapedSystem] = [1, 11, 12, 13, 14].map((i) =>
    fields[i]!
  ) as [number, number, number, number, number];
  return { pid, parent, ticks: user + system, reapedTicks: reapedUser + reapedSystem };
}

function isGone(error: unknown): boolean {
  return error instanceof Error && /ESRCH|os error 3/.test(error.message);
}
