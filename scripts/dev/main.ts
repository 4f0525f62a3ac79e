/**
 * `deno task dev`: the whole system on this machine until Ctrl-C.
 *
 * @module
 */

import { runCommand } from "../cli/run.ts";
import { untilToldToStop } from "../cli/stop_signals.ts";
import { devCommand, type DevOptions } from "./options.ts";
import { progressWriter } from "./progress.ts";
import type { State } from "./state.ts";
import { startSystem } from "./system.ts";

const FOLDER = ".cache/dev";

const encoder = new TextEncoder();
const write = (text: string) => void Deno.stdout.writeSync(encoder.encode(text));

const command = devCommand().action(async (options: DevOptions) => {
  const stopped = untilToldToStop();
  const startedMs = performance.now();
  const { state: stateFile, ...rest } = options;
  const starting = startSystem({
    ...rest,
    stateFile,
    folder: FOLDER,
    durable: true,
    environment: Deno.env.toObject(),
    report: progressWriter(write, Deno.stdout.isTerminal()),
  });
  const first = await Promise.race([starting, stopped]);
  if (typeof first !== "string") {
    write(welcome(first.state, { stateFile, tookMs: performance.now() - startedMs }));
    await stopped;
  }
  write("\nStopping …\n");
  await (await starting)[Symbol.asyncDispose]();
});

function welcome(
  state: State,
  { stateFile, tookMs }: { stateFile: string; tookMs: number },
): string {
  const rows = [
    ...state.edges.map(({ id, ws }) => [id, ws]),
    ...state.origins.map(({ id, api }) => [id, `${api}/api`]),
    ["postgres", state.postgres.url],
    ["nats", state.nats.url],
    ["redis", state.redis.url],
    ["operator", `${state.origins[0]?.internal}/operator`],
    ["pushes", `${state.push.recorder}/pushes`],
    ["state", stateFile],
    ["logs", `${FOLDER}/logs`],
  ];
  const task = `npx -y deno@${Deno.version.deno} task`;
  const lines = rows.map(([name, value]) => `  ${name!.padEnd(10)} ${value}`);
  return `\nFanfare is up after ${(tookMs / 1000).toFixed(1)} s. Ctrl-C ends all of it.\n\n${
    lines.join("\n")
  }\n\nNext, in another terminal:      ${task} tail ben\nand in a third one:             ${task} send ana ben hello\n`;
}

const print = (line: string) => write(`${line}\n`);
Deno.exit(await runCommand(command, Deno.args, { print, tell: print }));
