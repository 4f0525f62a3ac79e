/**
 * The push recorder as a process of its own, for development.
 *
 * @module
 */

import { join } from "node:path";
import { assertRunning, startProcess } from "./process.ts";
import { waitUntil } from "./wait_until.ts";

export interface RunningPushRecorder extends AsyncDisposable {
  /** The control API. */
  readonly url: string;
  /** The settings that make an origin push there. */
  readonly env: Record<string, string>;
  readonly pid: number;
  readonly status: Promise<Deno.CommandStatus>;
}

const MAIN = join(import.meta.dirname!, "push_recorder/main.ts");
const CERTIFICATES = join(import.meta.dirname!, "push_recorder/certificates");
const PERMISSIONS = ["--allow-net=127.0.0.1,0.0.0.0", `--allow-read=${CERTIFICATES}`];
const READY_MS = 20_000;

/** @param directory Holds `push_recorder.log`. */
export async function startPushRecorderProcess(directory: string): Promise<RunningPushRecorder> {
  await Deno.mkdir(directory, { recursive: true });
  const server = startProcess(Deno.execPath(), {
    name: "the push recorder",
    args: ["run", "--no-prompt", ...PERMISSIONS, MAIN],
    logFile: join(directory, "push_recorder.log"),
  });
  try {
    const { url, env } = await waitUntil(() => {
      assertRunning(server);
      return firstLine(server.lastWords());
    }, { what: "the push recorder to listen", withinMs: READY_MS });
    return {
      url,
      env,
      pid: server.pid,
      status: server.status,
      [Symbol.asyncDispose]: () => server.stop(),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function firstLine(words: string): { url: string; env: Record<string, string> } | undefined {
  const line = words.split("\n").find((one) => one.startsWith('{"url":') && one.endsWith("}}"));
  return line === undefined ? undefined : JSON.parse(line);
}
