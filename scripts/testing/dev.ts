/**
 * `deno task dev` and the commands of the terminal, as a person would run them.
 *
 * Invariant: what was started has ended, and has said its last word, when it is disposed of.
 *
 * @module
 */

import { join } from "node:path";
import denoJson from "../../deno.json" with { type: "json" };
import type { TemporaryDirectory } from "testing/temporary_directory.ts";
import { readState, type State } from "../dev/state.ts";
import { waitUntil } from "../services/wait_until.ts";

const MAIN = join(import.meta.dirname!, "../dev/main.ts");
const CLI = join(import.meta.dirname!, "../cli/main.ts");
const READY_MS = 60_000;

export interface Dev extends AsyncDisposable {
  readonly stateFile: string;
  readonly folder: string;
  readonly status: Promise<Deno.CommandStatus>;
  output(): string;
  up(): Promise<State>;
  until<T>(ask: () => T | undefined | Promise<T | undefined>, what: string): Promise<T>;
  end(signal: Deno.Signal): Promise<{ code: number; signal: Deno.Signal | null }>;
}

/** Its data is in the folder that it is started in, so that no two tests share any. */
export function startDev(
  { path }: TemporaryDirectory,
  args: string[],
  env: Record<string, string> = {},
): Dev {
  const stateFile = join(path, ".cache/dev/state.json");
  const child = run([MAIN, ...args], path, env);
  let ended = false;
  child.status.then(() => ended = true);
  const until = <T>(ask: () => T | undefined | Promise<T | undefined>, what: string) =>
    waitUntil(ask, { what, withinMs: READY_MS, everyMs: 20 });
  const dev: Dev = {
    stateFile,
    folder: path,
    // What it said last comes after it has ended.
    status: child.drained.then(() => child.status),
    output: () => child.printed() + child.told(),
    until,
    up: () =>
      until(async () => {
        if (ended) throw new Error(`Cannot start dev:\n${dev.output()}`);
        return child.printed().includes("Fanfare is up") ? await readState(stateFile) : undefined;
      }, "dev to be up"),
    async end(signal) {
      child.kill(signal);
      const { code, signal: by } = await child.status;
      return { code, signal: by };
    },
    async [Symbol.asyncDispose]() {
      if (!ended) await dev.end("SIGTERM");
      await child.drained;
    },
  };
  return dev;
}

export interface CliResult {
  code: number;
  printed: string;
}

export function cli(dev: Dev, args: string[]): Promise<CliResult> & { told(): string } {
  const child = run([CLI, ...args, "--state", dev.stateFile], dev.folder);
  const result = (async () => {
    const { code } = await child.status;
    await child.drained;
    return { code, printed: child.printed().trim() };
  })();
  return Object.assign(result, { told: () => child.told() });
}

export function run(args: string[], cwd: string, env: Record<string, string> = {}) {
  return runDeno(["run", "-A", ...args], cwd, env);
}

/** A task of `deno.json`, with its own permissions. */
export function runTask(name: string, args: readonly string[]) {
  const { command } = (denoJson.tasks as Record<string, { command: string }>)[name]!;
  const [, ...words] = command.split(" ");
  return runDeno([...words, ...args], join(import.meta.dirname!, "../.."), {});
}

function runDeno(args: string[], cwd: string, env: Record<string, string>) {
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let printed = "", told = "";
  const collect = async (stream: ReadableStream<Uint8Array>, take: (text: string) => void) => {
    const decoder = new TextDecoder();
    for await (const bytes of stream) take(decoder.decode(bytes, { stream: true }));
  };
  const drained = Promise.all([
    collect(child.stdout, (text) => printed += text),
    collect(child.stderr, (text) => told += text),
  ]);
  return {
    status: child.status,
    drained,
    printed: () => printed,
    told: () => told,
    kill: (signal: Deno.Signal) => child.kill(signal),
  };
}
