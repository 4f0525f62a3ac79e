/**
 * Our REST store as a process of its own, for development: it lives on when an edge or an origin
 * is killed.
 *
 * @module
 */

import { join } from "node:path";
import { assertRunning, startProcess } from "./process.ts";
import { waitUntil } from "./wait_until.ts";

export interface RedisRestProcessOptions {
  /** Made when it does not exist. Holds `redis_rest.log`. */
  directory: string;
  token: string;
  /** Opens it for reading alone; default: none does. */
  readOnlyToken?: string;
  /** Default: a free one. */
  port?: number;
}

export interface RunningRedisRestProcess extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  readonly status: Promise<Deno.CommandStatus>;
  /** For `SIGKILL`, `SIGSTOP`, `SIGCONT`; disposal is the orderly way to end it. */
  kill(signal: Deno.Signal): void;
}

const MAIN = join(import.meta.dirname!, "redis_rest/main.ts");
const VARIABLES = ["REDIS_REST_TOKEN", "REDIS_REST_READ_ONLY_TOKEN", "REDIS_REST_PORT"];
const PERMISSIONS = ["--allow-net=127.0.0.1", `--allow-env=${VARIABLES.join(",")}`];
const READY_MS = 20_000;

export async function startRedisRestProcess(
  { directory, token, readOnlyToken = "", port = 0 }: RedisRestProcessOptions,
): Promise<RunningRedisRestProcess> {
  await Deno.mkdir(directory, { recursive: true });
  const server = startProcess(Deno.execPath(), {
    name: "the REST store",
    args: ["run", "--no-prompt", ...PERMISSIONS, MAIN],
    env: {
      REDIS_REST_TOKEN: token,
      REDIS_REST_READ_ONLY_TOKEN: readOnlyToken,
      REDIS_REST_PORT: String(port),
    },
    logFile: join(directory, "redis_rest.log"),
  });
  try {
    const url = await waitUntil(() => {
      assertRunning(server);
      return /"url":"([^"]+)"/.exec(server.lastWords())?.[1];
    }, { what: "the REST store to listen", withinMs: READY_MS });
    return {
      url,
      token,
      pid: server.pid,
      status: server.status,
      kill: (signal) => server.kill(signal),
      [Symbol.asyncDispose]: () => server.stop(),
    };
  } catch (error) {
    await server.stop();
    if (server.lastWords().includes("AddrInUse")) {
      throw new Error(`Cannot start the REST store: port ${port} is taken`, { cause: error });
    }
    throw error;
  }
}
