/**
 * The frame of a program that runs until it is told to end: environment in, exit code out.
 *
 * Invariant: it drains on SIGTERM and SIGINT, and a second signal ends it at once; the exit code
 * says whether it ended in good order, failed, or was set up wrongly. Knows neither what it runs
 * nor the process that it runs in: both are handed in.
 *
 * @module
 */

import { ConfigError, type Environment, type Setting } from "shared/config/read.ts";
import { passOverForsakenSockets } from "shared/forsaken_sockets.ts";
import { type Log, type LogFields, type LogLevel, openLog } from "shared/log.ts";

const EXIT = { done: 0, failed: 1, usedWrongly: 2 } as const;
const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** What of the process around it a program touches. */
export interface Process {
  getEnv(name: string): string | undefined;
  exit(code: number): never;
  addSignalListener(signal: (typeof SIGNALS)[number], listener: () => void): void;
  /** Where the runtime says what nobody caught. */
  uncaught: EventTarget;
  isTerminal: boolean;
  /** Takes each line of the log; default: the console. */
  write?: (line: string) => void;
}

export interface Program<Config> {
  /** As the log calls it, such as `edge`. */
  name: string;
  /** The only variables that are looked at, which the program's permissions name too. */
  settings: readonly Setting[];
  /** @throws {ConfigError} */
  readConfig(environment: Environment): Config;
  /** What is wrong with the runtime that it runs in; told together with the settings' faults. */
  faultsOfRuntime?(): readonly string[];
  /** Resolves when it is up; may reject once `drain` is aborted. */
  start(config: Config, frame: { log: Log; drain: AbortController }): Promise<Started>;
}

export interface Started {
  /** What the log tells of it. */
  fields: LogFields;
  /** Resolves when it has drained. */
  ended: Promise<void>;
}

/** Runs it to its end, which is the process' end. */
export async function runProgram<Config extends { logLevel: LogLevel }>(
  process: Process,
  program: Program<Config>,
): Promise<never> {
  const config = readConfig(process, program);
  const log = openProgramLog(process, program.name, config.logLevel);
  passOverForsakenSockets(process.uncaught, (error) => {
    log.debug("A peer reset a connection that was given up", { error });
  });
  const drain = drainOnSignals(process, program.name, log);
  try {
    const { fields, ended } = await program.start(config, { log, drain });
    log.info(`The ${program.name} is up`, fields);
    await ended;
    log.info(`The ${program.name} has ended`);
  } catch (error) {
    // Whoever is told to drain before it is up gives up its start.
    if (!drain.signal.aborted) {
      log.error(`The ${program.name} cannot go on`, { error: error as Error, ...helpFor(program) });
      process.exit(EXIT.failed);
    }
  }
  process.exit(EXIT.done);
}

function readConfig<Config>(process: Process, program: Program<Config>): Config {
  const variables = program.settings.map(({ name }) => [name, process.getEnv(name)] as const);
  const faults = [...program.faultsOfRuntime?.() ?? []];
  try {
    const config = program.readConfig(Object.fromEntries(variables));
    if (faults.length === 0) return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(...error.faults);
  }
  const { message } = new ConfigError(faults);
  openProgramLog(process, program.name, "error").error(message, helpFor(program));
  process.exit(EXIT.usedWrongly);
}

/** Where every fault is told together with its mend. */
function helpFor({ name }: { name: string }) {
  return { see: `deno task check ${name}` };
}

function openProgramLog({ isTerminal, write }: Process, program: string, level: LogLevel): Log {
  return openLog({ program, level, terminal: isTerminal, ...(write && { write }) });
}

function drainOnSignals(process: Process, program: string, log: Log): AbortController {
  const drain = new AbortController();
  for (const signal of SIGNALS) {
    process.addSignalListener(signal, () => {
      if (drain.signal.aborted) process.exit(EXIT.failed);
      log.info(`The ${program} drains`, { signal });
      drain.abort();
    });
  }
  return drain;
}
