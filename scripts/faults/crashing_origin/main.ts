/**
 * The origin as a test build: it dies, as abruptly as of a kill, at the moment that a file names.
 *
 * Invariant: it differs from `origin/main.ts` in nothing else. An order is followed once: what the
 * file says when the program starts has been done.
 *
 * @module
 */

import { startOrigin } from "origin/app.ts";
import { readOrigin, readOriginConfig } from "origin/config.ts";
import type { Moment } from "origin/moments.ts";
import { settingsOf } from "shared/config/read.ts";
import { runProgram } from "shared/program.ts";
import { CRASHED, type Order } from "./order.ts";

/** The bus writes in a turn of its own: until then nothing has been published. */
const WRITTEN_MS = 5;

const [file] = Deno.args;
const done = readOrder().number;

function readOrder(): Order {
  return JSON.parse(Deno.readTextFileSync(file!));
}

function reached(moment: Moment): void {
  const order = readOrder();
  if (order.number === done || order.moment !== moment) return;
  const die = () => Deno.exit(CRASHED);
  if (moment === "after publish") setTimeout(die, WRITTEN_MS);
  else die();
}

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
  async start(config, { log, drain }) {
    const { port, internalPort, ended } = await startOrigin(config, {
      log,
      wallMs: Date.now,
      nowMs: () => performance.now(),
      random: Math.random,
      readText: Deno.readTextFileSync,
      drain,
      reached,
    });
    return { fields: { name: config.name, port, internalPort }, ended };
  },
});
