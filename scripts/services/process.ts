/**
 * Server processes that end when we do.
 *
 * Invariant: a process started here never outlives the one that started it, however that one ended
 * (`kill -9` too), and is always reaped. Its output goes to a file, whose end is told when it fails.
 * Knows nothing of what the server serves.
 *
 * @module
 */

/**
 * Runs under `sh`, which becomes the server itself and so keeps its pid. A watcher holds the other
 * end of our pipe: when that closes, because we closed it or because we are gone, it sends the stop
 * signal. Unlike a parent-death signal this works on every Unix.
 */
const LIFELINE = `
log=$1 signal=$2; shift 2
exec 3<&0 </dev/null >>"$log" 2>&1
(cat <&3 >/dev/null; kill -s "$signal" $$) 2>/dev/null &
exec 3<&-
exec "$@"
`;

/** A stack is longer than one would like, and what it is of stands before it. */
const LAST_LINES = 20;

export interface ProcessOptions {
  args: string[];
  logFile: string;
  /** Ends the sentences "Cannot start …" and "Cannot stop …". */
  name: string;
  cwd?: string;
  env?: Record<string, string>;
  uid?: number;
  gid?: number;
  /** What asks this server to end in good order; default SIGTERM. */
  stopSignal?: Deno.Signal;
  /** How long it may take before it is killed; default 5 seconds. */
  stopMs?: number;
}

export interface ServerProcess extends AsyncDisposable {
  readonly pid: number;
  readonly name: string;
  /** Never rejects. */
  readonly status: Promise<Deno.CommandStatus>;
  /** `undefined` while it runs. */
  ended(): Deno.CommandStatus | undefined;
  /** Does nothing once the process has ended. */
  kill(signal: Deno.Signal): void;
  /** Asks, waits, then kills. May be called more than once. */
  stop(): Promise<void>;
  /** The last lines it wrote, for an error message. */
  lastWords(): string;
}

export function startProcess(command: string, options: ProcessOptions): ServerProcess {
  const { name, logFile, stopSignal = "SIGTERM", stopMs = 5_000 } = options;
  const logged = sizeOf(logFile);
  const child = new Deno.Command("sh", {
    args: ["-c", LIFELINE, name, logFile, stopSignal.slice(3), command, ...options.args],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
    // A Ctrl-C at the terminal reaches only us: the order of the stops is ours to choose.
    detached: true,
    ...definedOnly({ cwd: options.cwd, env: options.env, uid: options.uid, gid: options.gid }),
  }).spawn();
  let ended: Deno.CommandStatus | undefined;
  const status = reap(child).then((result) => ended = result);

  function kill(signal: Deno.Signal): void {
    if (!ended) signalProcess(child.pid, signal);
  }
  async function stop(): Promise<void> {
    kill(stopSignal);
    const timer = setTimeout(() => kill("SIGKILL"), stopMs);
    await status;
    clearTimeout(timer);
  }
  return {
    pid: child.pid,
    name,
    status,
    ended: () => ended,
    kill,
    stop,
    lastWords: () => lastLines(logFile, logged),
    [Symbol.asyncDispose]: stop,
  };
}

/** @throws {Error} With the server's last words, when it has ended. */
export function assertRunning(process: ServerProcess): void {
  const status = process.ended();
  if (!status) return;
  const how = howItEnded(status);
  throw new Error(`Cannot start ${process.name}: ${how}\n${process.lastWords()}`);
}

/** In words, of whoever ended: what ran out of memory, say, is ended by SIGKILL and says nothing. */
export function howItEnded({ code, signal }: Pick<Deno.CommandStatus, "code" | "signal">): string {
  return signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`;
}

/** Sends a signal to a process that may be gone already; says whether it was there. */
export function signalProcess(pid: number, signal: Deno.Signal): boolean {
  try {
    Deno.kill(pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function reap(child: Deno.ChildProcess): Promise<Deno.CommandStatus> {
  const status = await child.status;
  await child.stdin.close();
  return status;
}

/** Of what was written after the first `from` bytes, by earlier runs. */
function lastLines(file: string, from: number): string {
  if (sizeOf(file) <= from) return "";
  const written = Deno.readFileSync(file).subarray(from);
  return new TextDecoder().decode(written).trimEnd().split("\n").slice(-LAST_LINES).join("\n");
}

function sizeOf(file: string): number {
  try {
    return Deno.statSync(file).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function definedOnly<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Defined<T>;
}
