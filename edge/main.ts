/**
 * The edge as a program: what is started, and with which clock, chance and codecs.
 *
 * @module
 */

import { settingsOf } from "shared/config/read.ts";
import { runProgram } from "shared/program.ts";
import { faultsOfSpans, openTracing } from "shared/tracing/open_telemetry.ts";
import { jsonCodec } from "shared/wire/json.ts";
import { protobufCodec } from "shared/wire/protobuf.ts";
import { startEdge } from "./app.ts";
import { readEdge, readEdgeConfig } from "./config.ts";
import { systemTurns } from "shared/turns.ts";

await runProgram({
  getEnv: Deno.env.get,
  exit: Deno.exit,
  addSignalListener: Deno.addSignalListener,
  uncaught: globalThis,
  isTerminal: Deno.stdout.isTerminal(),
}, {
  name: "edge",
  settings: settingsOf(readEdge),
  readConfig: readEdgeConfig,
  faultsOfRuntime: faultsOfSpans,
  async start(config, { log, drain }) {
    const { replica, port, internalPort, ended } = await startEdge(config, {
      codecs: { json: jsonCodec, protobuf: protobufCodec },
      log,
      turns: systemTurns,
      now: Date.now,
      random: Math.random,
      drain,
      tracing: openTracing({
        name: config.name,
        ratio: config.traceRatio,
        nowMs: () => performance.timeOrigin + performance.now(),
        log,
      }),
    });
    return { fields: { replica, port, internalPort }, ended };
  },
});
