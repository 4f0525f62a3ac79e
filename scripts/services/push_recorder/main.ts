/**
 * Runs the push recorder by itself: `deno run … main.ts [--port N]`. Its first line of output is JSON
 * with the addresses and the settings that make an origin push here.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { startPushRecorder } from "./push_recorder.ts";

if (import.meta.main) {
  const { values } = parseArgs({ args: Deno.args, options: { port: { type: "string" } } });
  await using recorder = await startPushRecorder({ port: Number(values.port ?? 0) });
  const { url, fcmUrl, apnsUrl, caCert, env } = recorder;
  console.log(JSON.stringify({ url, fcmUrl, apnsUrl, caCert, env }));
  const ended = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => ended.resolve());
  }
  await ended.promise;
}
