/**
 * The origin as a program: what is started, and with which clocks, chance and files.
 *
 * @module
 */

import { settingsOf } from "shared/config/read.ts";
import { runProgram } from "shared/program.ts";
import { faultsOfSpans, openTracing } from "shared/tracing/open_telemetry.ts";
import { startOrigin } from "./app.ts";
import { readOrigin, readOriginConfig } from "./config.ts";

await runProgram({
  getEnv: Deno.env.get,
  exit: Deno.exit,
  addSignalListener: Deno.addSignalListener,
  uncaught: globalThis,
  isTerminal: Deno.stdout.isTerminal(),
}, {
  name: "origin",
  settings: settingsOf(readOrigin),
  readConfig: (environment) => readOriginConfig(environment, Deno.readTextFileSync),
  faultsOfRuntime: faultsOfSpans,
  async start(config, { log, drain }) {
    const { port, internalPort, ended } = await startOrigin(config, {
      log,
      wallMs: Date.now,
      nowMs: () => performance.now(),
      random: Math.random,
      readText: Deno.readTextFileSync,
      drain,
      tracing: openTracing({
        name: config.name,
        ratio: config.traceRatio,
        nowMs: () => performance.timeOrigin + performance.now(),
        log,
      }),
    });
    return { fields: { name: config.name, port, internalPort }, ended };
  },
});
