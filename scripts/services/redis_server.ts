/**
 * A real redis-server: the judge of what our own store answers.
 *
 * It keeps nothing on disk. Nothing but the contract suite needs it.
 *
 * @module
 */

import { join } from "node:path";
import { freePort } from "./free_port.ts";
import { assertRunning, type ServerProcess, startProcess } from "./process.ts";
import { findProgram, type Program, type ProgramNeeds, type ProgramSearch } from "./programs.ts";
import { RespClient } from "./resp_client.ts";
import { pause, waitUntil } from "./wait_until.ts";

export interface RedisServerOptions extends ProgramSearch {
  /** Made when it does not exist. Holds `redis.log`. */
  directory: string;
}

export interface RunningRedisServer extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  readonly version: string;
  readonly status: Promise<Deno.CommandStatus>;
}

const NEEDS: ProgramNeeds = {
  name: "redis-server",
  version: /Redis server v=(\S+)/,
  atLeast: [7, 0],
  brewFormula: "redis",
  packages: ["redis-server", "redis-tools"],
  packagedAt: "usr/bin/redis-server",
};

const READY_MS = 20_000;
const START_ATTEMPTS = 5;
const RETRY_MS = 50;

/** @throws {MissingProgram} */
export async function startRedisServer(options: RedisServerOptions): Promise<RunningRedisServer> {
  const program = await findProgram(NEEDS, options);
  await Deno.mkdir(options.directory, { recursive: true });
  for (let attempt = 1;; attempt++) {
    const port = freePort();
    const server = startServer(program, options.directory, port);
    try {
      await ready(server, port);
      return {
        port,
        pid: server.pid,
        version: program.version,
        status: server.status,
        [Symbol.asyncDispose]: () => server.stop(),
      };
    } catch (error) {
      await server.stop();
      const portTaken = server.lastWords().includes("Address already in use");
      if (!portTaken || attempt === START_ATTEMPTS) throw error;
      await pause(RETRY_MS);
    }
  }
}

function startServer(
  { command: [command, ...prefix] }: Program,
  directory: string,
  port: number,
): ServerProcess {
  return startProcess(command, {
    name: "Redis",
    args: [
      ...prefix,
      ...["--port", String(port), "--bind", "127.0.0.1", "--dir", directory],
      ...["--save", "", "--appendonly", "no"],
    ],
    logFile: join(directory, "redis.log"),
  });
}

async function ready(server: ServerProcess, port: number): Promise<void> {
  await waitUntil(async () => {
    assertRunning(server);
    try {
      using client = await RespClient.connect(port);
      return await client.command(["PING"]) === "PONG" || undefined;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
    }
  }, { what: "Redis to answer", withinMs: READY_MS });
}
