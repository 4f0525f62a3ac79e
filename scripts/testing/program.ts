/**
 * A program of ours as a process: by its own task, permissions included, and what it logs.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import denoJson from "../../deno.json" with { type: "json" };

export interface TestProgram extends AsyncDisposable {
  readonly status: Promise<Deno.CommandStatus>;
  signal(signal: Deno.Signal): void;
  /** The next line of the log whose message begins so. */
  line(start: string): Promise<LogLine>;
}

export interface LogLine {
  level: string;
  message: string;
  fields: Record<string, string | number>;
}

const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));

/** `change` may narrow the task's arguments. */
export function startTestProgram(
  task: "edge" | "origin",
  env: Record<string, string>,
  change: (argument: string) => string = (argument) => argument,
): TestProgram {
  const [, ...args] = denoJson.tasks[task].command.split(" ");
  const child = new Deno.Command(Deno.execPath(), {
    args: args.map(change),
    cwd: CHECKOUT,
    env,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(splitLines());
  const reader = lines.getReader();
  const said: string[] = [];
  return {
    status: child.status,
    signal: (signal) => child.kill(signal),
    async line(start) {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`It ended before it said "${start}", but:\n${said.join("\n")}`);
        said.push(value);
        const line: LogLine = JSON.parse(value);
        if (line.message.startsWith(start)) return line;
      }
    },
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await child.status;
      await reader.cancel();
    },
  };
}

function splitLines(): TransformStream<string, string> {
  let rest = "";
  return new TransformStream({
    transform(chunk, controller) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      for (const line of lines) controller.enqueue(line);
    },
  });
}
