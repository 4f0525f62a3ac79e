/**
 * The origin as a program: environment in, exit code out.
 *
 * Drains on SIGTERM and SIGINT; a second signal ends it at once.
 *
 * @module
 */

import { ConfigError, settingsOf } from "shared/config/read.ts";
import { type Log, openLog } from "shared/log.ts";
import { startOrigin } from "./app.ts";
import { type OriginConfig, readOrigin, readOriginConfig } from "./config.ts";

const EXIT = { done: 0, failed: 1, usedWrongly: 2 } as const;
const terminal = Deno.stdout.isTerminal();

function readConfig(): OriginConfig {
  // The permissions name the variables, and the readers do: nothing else can be looked at.
  const names = settingsOf(readOrigin).map(({ name }) => name);
  const environment = Object.fromEntries(names.map((name) => [name, Deno.env.get(name)]));
  try {
    return readOriginConfig(environment, Deno.readTextFileSync);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    openLog({ program: "origin", level: "error", terminal }).error(error.message);
    Deno.exit(EXIT.usedWrongly);
  }
}

function drainOnSignals(log: Log): AbortController {
  const drain = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => {
      if (drain.signal.aborted) Deno.exit(EXIT.failed);
      log.info("The origin drains", { signal });
      drain.abort();
    });
  }
  return drain;
}

const config = readConfig();
const log = openLog({ program: "origin", level: config.logLevel, terminal });
const drain = drainOnSignals(log);
try {
  const { port, internalPort, ended } = await startOrigin(config, {
    log,
    nowMs: Date.now,
    elapsedMs: () => performance.now(),
    random: Math.random,
    readText: Deno.readTextFileSync,
    drain,
  });
  log.info("The origin is up", { name: config.name, port, internalPort });
  await ended;
  log.info("The origin has ended");
} catch (error) {
  if (!drain.signal.aborted) {
    log.error("The origin cannot go on", { error: error as Error });
    Deno.exit(EXIT.failed);
  }
}
Deno.exit(EXIT.done);
