/**
 * The edge as a program: environment in, exit code out.
 *
 * Drains on SIGTERM and SIGINT; a second signal ends it at once.
 *
 * @module
 */

import { ConfigError, settingsOf } from "shared/config/read.ts";
import { type Log, openLog } from "shared/log.ts";
import { jsonCodec } from "shared/wire/json.ts";
import { protobufCodec } from "shared/wire/protobuf.ts";
import { startEdge } from "./app.ts";
import { type EdgeConfig, readEdge, readEdgeConfig } from "./config.ts";
import { systemTurns } from "./turns.ts";

const EXIT = { done: 0, failed: 1, usedWrongly: 2 } as const;
const terminal = Deno.stdout.isTerminal();

function readConfig(): EdgeConfig {
  // The permissions name the variables, and the readers do: nothing else can be looked at.
  const names = settingsOf(readEdge).map(({ name }) => name);
  try {
    return readEdgeConfig(Object.fromEntries(names.map((name) => [name, Deno.env.get(name)])));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    openLog({ program: "edge", level: "error", terminal }).error(error.message);
    Deno.exit(EXIT.usedWrongly);
  }
}

function drainOnSignals(log: Log): AbortController {
  const drain = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => {
      if (drain.signal.aborted) Deno.exit(EXIT.failed);
      log.info("The edge drains", { signal });
      drain.abort();
    });
  }
  return drain;
}

const config = readConfig();
const log = openLog({ program: "edge", level: config.logLevel, terminal });
const drain = drainOnSignals(log);
try {
  const { replica, port, internalPort, ended } = await startEdge(config, {
    codecs: { json: jsonCodec, protobuf: protobufCodec },
    log,
    turns: systemTurns,
    now: Date.now,
    random: Math.random,
    drain,
  });
  log.info("The edge is up", { replica, port, internalPort });
  await ended;
  log.info("The edge has ended");
} catch (error) {
  if (!drain.signal.aborted) {
    log.error("The edge cannot go on", { error: error as Error });
    Deno.exit(EXIT.failed);
  }
}
Deno.exit(EXIT.done);
