/**
 * A real Prometheus, and promtool, which comes with it.
 *
 * Invariant: both are of one release, 2.42 or newer. Knows nothing of what is scraped.
 *
 * @module
 */

import { join } from "node:path";
import { claimPorts } from "./claimed_ports.ts";
import { assertRunning, type ServerProcess, startProcess } from "./process.ts";
import { findProgram, type Program, type ProgramNeeds, type ProgramSearch } from "./programs.ts";
import { waitUntil } from "./wait_until.ts";

export interface PrometheusOptions extends ProgramSearch {
  /** Its configuration, in its own language; JSON will do. */
  config: string;
  /** Made when it does not exist. */
  storeDir: string;
}

export interface RunningPrometheus extends AsyncDisposable {
  readonly url: string;
  /** @throws {Error} With what it says of the expression. */
  query(expression: string): Promise<Sample[]>;
  get<Data>(path: string): Promise<Data>;
}

export interface Sample {
  metric: Record<string, string>;
  value: number;
}

const NEEDS: ProgramNeeds = {
  name: "prometheus",
  version: /version (\d\S*)/,
  atLeast: [2, 42],
  brewFormula: "prometheus",
  variable: "PROMETHEUS",
  packages: ["prometheus"],
  packagedAt: "usr/bin/prometheus",
};
const READY_MS = 30_000;

/** @throws {MissingProgram} */
export function findPrometheus(search: ProgramSearch = {}): Promise<Program> {
  return findProgram(NEEDS, { explicit: Deno.env.get("PROMETHEUS"), ...search });
}

/** Runs promtool; resolves to what it printed. */
export async function promtool(...args: string[]): Promise<{ success: boolean; printed: string }> {
  const { command } = await findPrometheus();
  const [program, ...prefix] = command.map((word) => word.replace(/prometheus$/, "promtool"));
  const { success, stdout, stderr } = await new Deno.Command(program!, {
    args: [...prefix, ...args],
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { success, printed: text(stdout) + text(stderr) };
}

/** @throws {MissingProgram} */
export async function startPrometheus(options: PrometheusOptions): Promise<RunningPrometheus> {
  const { command: [command, ...prefix] } = await findPrometheus(options);
  const { storeDir, config } = options;
  await Deno.mkdir(storeDir, { recursive: true });
  const configFile = join(storeDir, "prometheus.yml");
  await Deno.writeTextFile(configFile, config);
  await using stack = new AsyncDisposableStack();
  const [port] = stack.use(claimPorts(1)).ports as [number];
  const url = `http://127.0.0.1:${port}`;
  const server = startProcess(command, {
    name: "Prometheus",
    args: [
      ...prefix,
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(storeDir, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=warn",
    ],
    logFile: join(storeDir, "prometheus.log"),
  });
  stack.defer(() => server.stop());
  await untilReady(server, url);
  const running = stack.move();
  return { ...clientOf(url), url, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function untilReady(server: ServerProcess, url: string): Promise<void> {
  await waitUntil(async () => {
    assertRunning(server);
    const response = await fetch(`${url}/-/ready`).catch(() => undefined);
    await response?.body?.cancel();
    return response?.ok || undefined;
  }, { what: "Prometheus to be ready", withinMs: READY_MS, everyMs: 50 });
}

function clientOf(url: string): Pick<RunningPrometheus, "query" | "get"> {
  const get = async <Data>(path: string): Promise<Data> => {
    const response = await fetch(`${url}/api/v1/${path}`);
    const answer = await response.json() as { data: Data; error?: string };
    if (answer.error !== undefined) throw new Error(`Cannot read ${path}: ${answer.error}`);
    return answer.data;
  };
  return {
    get,
    async query(expression) {
      const { result } = await get<{
        result: { metric: Record<string, string>; value: [number, string] }[];
      }>(`query?query=${encodeURIComponent(expression)}`);
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
  };
}
