/**
 * A real redis-server: the judge of what our own store answers.
 *
 * It keeps nothing on disk. Nothing but the contract suite needs it.
 *
 * @module
 */

import { join } from "node:path";
import { claimPorts } from "./claimed_ports.ts";
import { assertRunning, type ServerProcess, startProcess } from "./process.ts";
import { findProgram, type Program, type ProgramNeeds, type ProgramSearch } from "./programs.ts";
import { RespClient } from "./resp_client.ts";
import { waitUntil } from "./wait_until.ts";

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

/** @throws {MissingProgram} */
export async function startRedisServer(options: RedisServerOptions): Promise<RunningRedisServer> {
  const program = await findProgram(NEEDS, options);
  await Deno.mkdir(options.directory, { recursive: true });
  await using stack = new AsyncDisposableStack();
  const [port] = stack.use(claimPorts(1)).ports as [number];
  const server = stack.use(startServer(program, options.directory, port));
  await ready(server, port);
  const owned = stack.move();
  return {
    port,
    pid: server.pid,
    version: program.version,
    status: server.status,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
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
