/**
 * One scenario on a running system: the load is a process of its own, watched from outside.
 *
 * Invariant: what the clients counted is compared with what the database holds; neither is
 * believed alone.
 *
 * @module
 */

import { join } from "node:path";
import postgres from "postgres";
import type { State } from "../dev/state.ts";
import { cpuBetween, type CpuSample, sampleCpu } from "./cpu.ts";
import type { Outcome } from "./report.ts";
import type { LoadFigures, LoadOrder, LoadReport, LoadTotals, Scenario } from "./scenario.ts";

export interface RunOptions {
  state: State;
  warmMs: number;
  measureMs: number;
}

const LOAD = join(import.meta.dirname!, "load.ts");

export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Outcome> {
  const { state, warmMs, measureMs } = options;
  const run = `bench-${crypto.randomUUID().slice(0, 8)}`;
  const edges = state.edges.map(({ ws }) => ws);
  const order = { scenario, run, edges, tokenSecret: state.token_secret, warmMs, measureMs };
  const pids = pidsOf(state);
  let before: CpuSample | undefined, after: CpuSample | undefined;
  let figures: LoadFigures | undefined, totals: LoadTotals | undefined;
  for await (const report of load(order)) {
    if (report.phase === "measuring") before = await sampleCpu(pids);
    else if (report.phase === "measured") {
      after = await sampleCpu(pids);
      figures = report.figures;
    } else totals = report.totals;
  }
  if (!figures || !totals) throw new Error(`Cannot measure "${scenario.name}": the load ended`);
  const rows = await countRows(state.postgres.url, run);
  return { scenario, figures, totals, rows, cpuUs: cpuBetween(before, after) };
}

async function* load(order: LoadOrder): AsyncGenerator<LoadReport> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      "--allow-env",
      LOAD,
      JSON.stringify(order),
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line);
  }
  await child.status;
}

function pidsOf({ edges, origins, postgres, nats, redis }: State): Map<string, number[]> {
  const pids = new Map<string, number[]>([
    ["edge", edges.map(({ pid }) => pid)],
    ["origin", origins.map(({ pid }) => pid)],
  ]);
  for (const [name, { pid }] of Object.entries({ postgres, nats, redis })) {
    if (pid !== undefined) pids.set(name, [pid]);
  }
  return pids;
}

async function countRows(url: string, run: string): Promise<number> {
  const sql = postgres(url, { max: 1 });
  try {
    const [counted] = await sql`
      select count(*)::int as rows from events
      where type = 'message' and sender like ${`${run}-%`}
    `;
    return counted!.rows;
  } finally {
    await sql.end();
  }
}
