/**
 * A run in a process of its own: so two parts that run at once share a machine, and no event loop.
 *
 * Invariant: it runs as it would alone, by the same command, which adds it to the scoreboard. What it
 * tells comes on line by line, under its name. It has ended when this resolves or throws.
 *
 * @module
 */

import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { Due } from "./lane.ts";

const MAIN = join(import.meta.dirname!, "main.ts");
/** Without anomalies; with some. */
const PASSED = 0, FAILED = 1;

export interface OwnProcessOptions {
  scoreboard: string;
  atOnce: number;
  untimed?: boolean;
  /** Its run as JSON, a line. */
  print(line: string): void;
  tell(line: string): void;
  signal: AbortSignal;
  /** Default: that of `deno task prove`. */
  main?: string;
}

/**
 * Gives whether it passed.
 *
 * @throws {Error} When it came to no run.
 * @throws The reason of the signal, once the process has ended.
 */
export async function runInOwnProcess(
  { part, seed }: Due,
  { scoreboard, atOnce, untimed = false, print, tell, signal, main = MAIN }: OwnProcessOptions,
): Promise<boolean> {
  const of = ["--part", part.name, "--seed", `${seed}`, "--scoreboard", scoreboard];
  if (untimed) of.push("--untimed");
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", main, ...of, "--at-once", `${atOnce}`, "--json"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const interrupt = () => child.kill("SIGINT");
  signal.addEventListener("abort", interrupt);
  try {
    const [{ code }] = await Promise.all([
      child.status,
      eachLine(child.stdout, print),
      eachLine(child.stderr, (line) => tell(`${part.name}: ${line.trimStart()}`)),
    ]);
    signal.throwIfAborted();
    if (code === PASSED || code === FAILED) return code === PASSED;
    throw new Error(`Cannot run ${part.name}: its process ended with ${code}`);
  } finally {
    signal.removeEventListener("abort", interrupt);
  }
}

async function eachLine(
  stream: ReadableStream<BufferSource>,
  handle: (line: string) => void,
): Promise<void> {
  const text = stream.pipeThrough(new TextDecoderStream());
  for await (const line of createInterface({ input: Readable.from(text) })) {
    if (line !== "") handle(line);
  }
}
