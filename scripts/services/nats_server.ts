/**
 * A real nats-server with JetStream.
 *
 * Invariant: it is 2.10 or newer, since older ones ignore stream settings that we rely on without
 * a word. Knows nothing of our streams.
 *
 * @module
 */

import { join } from "node:path";
import { assertRunning, type ServerProcess, startProcess } from "./process.ts";
import { findProgram, type Program, type ProgramNeeds, type ProgramSearch } from "./programs.ts";
import { waitUntil } from "./wait_until.ts";

export interface NatsServerOptions extends ProgramSearch {
  /** Made when it does not exist. Holds the streams and `nats.log`; a later start finds them. */
  storeDir: string;
  /** Default: one that the server chooses. */
  port?: number;
  /** Default: `nats_server.conf`; JetStream's place and port stay ours. */
  configFile?: string;
  /** Default: true. */
  jetStream?: boolean;
}

export interface RunningNatsServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly status: Promise<Deno.CommandStatus>;
  /** For `SIGKILL`, `SIGSTOP`, `SIGCONT`; disposal is the orderly way to end it. */
  kill(signal: Deno.Signal): void;
}

const NEEDS: ProgramNeeds = {
  name: "nats-server",
  version: /nats-server: v(\S+)/,
  atLeast: [2, 10],
  brewFormula: "nats-server",
  variable: "NATS_SERVER",
  packages: ["nats-server"],
  packagedAt: "usr/sbin/nats-server",
  // Debian 12's own is 2.9; the program of Debian 13 runs there too.
  suites: { debian: "trixie" },
};

const CONFIG_FILE = join(import.meta.dirname!, "nats_server.conf");
const READY_MS = 20_000;

/** @throws {MissingProgram} */
export function findNatsServer(search: ProgramSearch = {}): Promise<Program> {
  return findProgram(NEEDS, search);
}

/** @throws {MissingProgram} */
export async function startNatsServer(options: NatsServerOptions): Promise<RunningNatsServer> {
  const program = await findNatsServer(options);
  await Deno.mkdir(options.storeDir, { recursive: true });
  const portsDir = await Deno.makeTempDir({ dir: options.storeDir, prefix: "ports-" });
  const server = startServer(program, options, portsDir);
  try {
    const url = await readUrl(server, portsDir);
    return {
      url,
      port: Number(new URL(url).port),
      pid: server.pid,
      status: server.status,
      kill: (signal) => server.kill(signal),
      [Symbol.asyncDispose]: () => server.stop(),
    };
  } catch (error) {
    await server.stop();
    if (server.lastWords().includes("address already in use")) {
      throw new Error(`Cannot start NATS: port ${options.port} is taken`, { cause: error });
    }
    throw error;
  } finally {
    await Deno.remove(portsDir, { recursive: true });
  }
}

function startServer(
  { command: [command, ...prefix] }: Program,
  { storeDir, port, configFile = CONFIG_FILE, jetStream = true }: NatsServerOptions,
  portsDir: string,
): ServerProcess {
  return startProcess(command, {
    name: "NATS",
    args: [
      ...prefix,
      ...["-a", "127.0.0.1", "-p", String(port ?? -1)],
      ...["-sd", storeDir, "--ports_file_dir", portsDir],
      ...(jetStream ? ["-js"] : []),
      ...["-c", configFile],
    ],
    logFile: join(storeDir, "nats.log"),
  });
}

/** The server writes the ports file only when it listens. */
function readUrl(server: ServerProcess, portsDir: string): Promise<string> {
  return waitUntil(() => {
    assertRunning(server);
    for (const { name } of Deno.readDirSync(portsDir)) {
      const text = Deno.readTextFileSync(join(portsDir, name));
      if (text.endsWith("}")) return (JSON.parse(text) as { nats: string[] }).nats[0];
    }
  }, { what: "NATS to listen", withinMs: READY_MS });
}
