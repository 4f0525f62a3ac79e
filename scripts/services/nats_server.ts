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
import { accountConfig, type NatsUser } from "./nats_users.ts";
import { findProgram, type Program, type ProgramNeeds, type ProgramSearch } from "./programs.ts";
import { waitUntil } from "./wait_until.ts";

export interface NatsServerOptions extends ProgramSearch {
  /** Made when it does not exist. Holds the streams and `nats.log`; a later start finds them. */
  storeDir: string;
  /** Default: one that the server chooses. */
  port?: number;
  /** Whom it lets in, each with the permissions of its role; left out: everybody, for everything. */
  users?: readonly NatsUser[];
  /** Instead of `nats_server.conf` and `users`; JetStream's place and port stay ours. */
  configFile?: string;
  /** That file says where JetStream's place is, too; `storeDir` then holds the log alone. */
  ownStore?: true;
  /** Where it tells how it is, over HTTP; default: nowhere. */
  monitorPort?: number;
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
  const configFile = options.configFile ?? await writeConfig(options);
  const server = startServer(program, { ...options, configFile }, portsDir);
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

/** What every server is told, whatever its users. */
export function natsServerBase(): Promise<string> {
  return Deno.readTextFile(CONFIG_FILE);
}

async function writeConfig({ storeDir, users }: NatsServerOptions): Promise<string> {
  if (!users) return CONFIG_FILE;
  const file = join(storeDir, "nats.conf");
  await Deno.writeTextFile(file, `${await natsServerBase()}\n${accountConfig(users)}`);
  return file;
}

function startServer(
  { command: [command, ...prefix] }: Program,
  { storeDir, port, configFile, ownStore, monitorPort, jetStream = true }: NatsServerOptions & {
    configFile: string;
  },
  portsDir: string,
): ServerProcess {
  return startProcess(command, {
    name: "NATS",
    args: [
      ...prefix,
      ...["-a", "127.0.0.1", "-p", String(port ?? -1)],
      ...["--ports_file_dir", portsDir],
      ...(ownStore ? [] : ["-sd", storeDir, ...(jetStream ? ["-js"] : [])]),
      ...(monitorPort === undefined ? [] : ["-m", String(monitorPort)]),
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
