/**
 * For tests: releases of programs that do nothing but listen, and say who they are.
 *
 * @module
 */

import { join } from "node:path";
import type { Release, ReleaseId } from "../../../release.ts";

const PROGRAM = `
const env = (name) => Deno.env.get(name);
const hostname = "127.0.0.1", onListen = () => {};
if (env("LOG_LEVEL") === "error") throw new Error("This release is broken");
let draining = false;
Deno.addSignalListener("SIGTERM", () => {
  draining = true;
  setTimeout(() => Deno.exit(0), 50);
});
const ready = () =>
  Response.json({ ready: !draining, draining, checks: [], release: env("RELEASE_OF_TEST") });
Deno.serve({ hostname, onListen, port: Number(env("INTERNAL_PORT")) }, (request) => {
  if (request.method === "POST") draining = true;
  return ready();
});
const who = () => new Response(env("RELEASE_OF_TEST"));
Deno.serve({ hostname, onListen, port: Number(env("PORT")) }, who);
`;

const NOWHERE = "127.0.0.1:9";

/** What a program of ours must be told to start. */
const SETTINGS = {
  NATS_URL: `nats://${NOWHERE}`,
  UPSTASH_REDIS_REST_URL: `http://${NOWHERE}`,
  UPSTASH_REDIS_REST_TOKEN: "t",
  HOST: "127.0.0.1",
  PORT: "0",
  INTERNAL_PORT: "0",
};

/** `n` tells it from others; `broken`: it ends as it starts; `imports`: what it has not brought along. */
export function testRelease(n: number, { broken = false, imports = "" } = {}): Release {
  const id: ReleaseId = `0.1.0-20261130T1200${`${n}`.padStart(2, "0")}Z-abcdef0`;
  const settings = {
    ...SETTINGS,
    RELEASE_OF_TEST: id,
    ...(broken && { LOG_LEVEL: "error" }),
  };
  return {
    ...{ id, version: "0.1.0", commit: "abcdef0", dirty: false, atMs: n },
    environments: {
      edge: { ...settings, TOKEN_SECRET: "s".repeat(32), DRAIN_MS: "0" },
      origin: { ...settings, API_KEY: "k".repeat(32), DATABASE_URL: `postgres://u@${NOWHERE}/d` },
    },
    async unpack(folder) {
      const command = "deno run --no-prompt --allow-net --allow-env program.ts";
      const tasks = { edge: { command }, origin: { command } };
      await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify({ tasks }));
      const head = imports && `import ${JSON.stringify(imports)};\n`;
      await Deno.writeTextFile(join(folder, "program.ts"), head + PROGRAM);
    },
  };
}
