/**
 * A real Postgres of our own, started from npm's binaries in well under a second.
 *
 * Invariant: text is ordered by its bytes (C collation), here as in production. What a killed run
 * left behind is cleared away, never what a living one uses. Knows nothing of our tables.
 *
 * @module
 */

import { join } from "node:path";
import { claimPorts } from "./claimed_ports.ts";
import { isThere } from "./paths.ts";
import {
  forgetMoved,
  type Manner,
  type PostgresHome,
  settlePostgres,
} from "./postgres_binaries.ts";
import type { PostgresTools } from "./postgres_tools.ts";
import { assertRunning, type ServerProcess, signalProcess, startProcess } from "./process.ts";
import { pause, waitUntil } from "./wait_until.ts";

export interface PostgresOptions {
  /** Made when it does not exist; kept. Holds the cluster and `postgres.log`. */
  dataDir: string;
  /** Whether an acknowledged commit survives the machine; `false` only for tests. */
  durable: boolean;
  /** Whether its data outlive it, wherever they had to lie; default: where it is durable. */
  kept?: boolean;
  /** Default: one that is claimed for as long as this server is not disposed of. */
  port?: number;
  /** Takes connections over TLS, too, by this certificate and its key, in PEM. */
  tls?: { certificate: string; key: string };
  /** Tried one after another; default: all that make sense here. */
  manners?: Manner[];
  /** The Postgres to take; default: npm's. */
  tools?: PostgresTools;
}

export interface RunningPostgres extends AsyncDisposable {
  /** Of the database `postgres`; any role may connect from this machine. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly status: Promise<Deno.CommandStatus>;
  /** The cluster's URL with another database's name. */
  urlOf(database: string): string;
}

const READY_MS = 20_000;
const START_ATTEMPTS = 20;
const RETRY_MS = 100;
const NOT_DURABLE = ["-c", "fsync=off", "-c", "full_page_writes=off"];

export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const home = await settlePostgres(options.dataDir, options.manners, options.tools);
  await initialise(home, options.durable);
  await clearStaleLock(home);
  await using stack = new AsyncDisposableStack();
  const port = options.port ?? stack.use(claimPorts(1)).ports[0]!;
  const server = await startReady(home, port, options);
  if (!(options.kept ?? options.durable)) stack.defer(() => forgetMoved(home));
  stack.use(server);
  return running(server, port, stack.move());
}

async function startReady(
  home: PostgresHome,
  port: number,
  { durable, tls }: PostgresOptions,
): Promise<ServerProcess> {
  const settings = [...(durable ? [] : NOT_DURABLE), ...(tls ? await writeTls(home, tls) : [])];
  for (let attempt = 1;; attempt++) {
    const server = startServer(home, port, settings);
    try {
      await ready(server, home);
      return server;
    } catch (error) {
      await server.stop();
      const fault = classify(server.lastWords());
      if (fault === "port taken") {
        throw new Error(`Cannot start Postgres: port ${port} is taken`, { cause: error });
      }
      if (fault === "other" || attempt === START_ATTEMPTS) throw error;
      await pause(RETRY_MS);
    }
  }
}

/** Backends of a killed Postgres hold its memory until they have noticed, a moment later. */
function classify(lastWords: string): "port taken" | "memory held" | "other" {
  if (/could not bind|could not create any TCP/.test(lastWords)) return "port taken";
  return lastWords.includes("shared memory block") ? "memory held" : "other";
}

function running(
  server: ServerProcess,
  port: number,
  owned: AsyncDisposableStack,
): RunningPostgres {
  const urlOf = (database: string) => `postgres://postgres@127.0.0.1:${port}/${database}`;
  return {
    url: urlOf("postgres"),
    port,
    pid: server.pid,
    status: server.status,
    urlOf,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Postgres refuses a key that others may read, or that is another user's. */
async function writeTls(
  { directory, user }: PostgresHome,
  { certificate, key }: NonNullable<PostgresOptions["tls"]>,
): Promise<string[]> {
  const files = { ssl_cert_file: certificate, ssl_key_file: key };
  const settings = await Promise.all(
    Object.entries(files).map(async ([setting, text]) => {
      const file = join(directory, `${setting}.pem`);
      await Deno.writeTextFile(file, text, { mode: 0o600 });
      if (user.uid !== undefined) await Deno.chown(file, user.uid, user.gid ?? null);
      return ["-c", `${setting}=${file}`];
    }),
  );
  return ["-c", "ssl=on", ...settings.flat()];
}

function startServer(home: PostgresHome, port: number, settings: string[]): ServerProcess {
  return runProgram(home, "postgres", [
    ...["-D", clusterOf(home), "-p", String(port)],
    ...["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="],
    ...["-c", "max_connections=200"],
    ...settings,
  ]);
}

/** A cluster half made by a killed run must not be taken for one: it gets its name when whole. */
async function initialise(home: PostgresHome, durable: boolean): Promise<void> {
  const cluster = clusterOf(home);
  if (isThere(join(cluster, "PG_VERSION"))) return;
  const partial = `${cluster}.partial`;
  if (isThere(partial)) Deno.removeSync(partial, { recursive: true });
  const initdb = runProgram(home, "initdb", [
    ...["-D", partial, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale"],
    ...["--no-instructions", ...(durable ? [] : ["--no-sync"])],
  ]);
  const { success } = await initdb.status;
  if (!success) throw new Error(`Cannot initialise Postgres:\n${initdb.lastWords()}`);
  await Deno.rename(partial, cluster);
}

/**
 * Postgres believes a lock file whose pid is alive, even when another program has that pid by now.
 * A Postgres that does live there is either ending, because whoever started it was killed, or in
 * use.
 */
async function clearStaleLock(home: PostgresHome): Promise<void> {
  const lock = join(clusterOf(home), "postmaster.pid");
  const pid = pidIn(lock);
  if (pid === undefined) return;
  if (await isPostgresOf(clusterOf(home), pid)) {
    await waitUntil(() => isAlive(pid) ? undefined : true, {
      what: `the Postgres with pid ${pid} to end, which uses ${home.directory}`,
      withinMs: 5_000,
      everyMs: 20,
    });
  }
  if (isThere(lock)) Deno.removeSync(lock);
}

/** The last line that Postgres adds to its lock file says that it takes connections. */
async function ready(server: ServerProcess, home: PostgresHome): Promise<void> {
  const lock = join(clusterOf(home), "postmaster.pid");
  await waitUntil(() => {
    assertRunning(server);
    if (isThere(lock) && /^ready\s*$/m.test(Deno.readTextFileSync(lock))) return true;
  }, { what: "Postgres to take connections", withinMs: READY_MS });
}

function runProgram(home: PostgresHome, program: string, args: string[]): ServerProcess {
  const [command, ...rest] = [...home.prefix, join(home.native, "bin", program), ...args];
  return startProcess(command!, {
    name: "Postgres",
    args: rest,
    // Ours may be closed to the user that it runs as.
    cwd: "/",
    logFile: join(home.directory, "postgres.log"),
    // Fast shutdown; SIGTERM would wait for clients to leave.
    stopSignal: "SIGINT",
    stopMs: 10_000,
    // Neither messages nor times may depend on the settings of whoever started it.
    env: { LC_ALL: "C", TZ: "UTC" },
    ...home.user,
  });
}

function clusterOf(home: PostgresHome): string {
  return join(home.directory, "cluster");
}

function pidIn(lock: string): number | undefined {
  try {
    return Number.parseInt(Deno.readTextFileSync(lock)) || undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    return signalProcess(pid, "SIGCONT");
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) return true;
    throw error;
  }
}

async function isPostgresOf(cluster: string, pid: number): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `cat /proc/${pid}/cmdline 2>/dev/null || ps -o command= -p ${pid}`],
    stderr: "null",
  }).output();
  const command = new TextDecoder().decode(stdout);
  return command.includes("postgres") && command.includes(cluster);
}
