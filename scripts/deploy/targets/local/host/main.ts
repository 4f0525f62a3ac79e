/**
 * The host as a process of its own, which outlives the command that started it.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { serveHttp } from "shared/http/serve.ts";
import { openLog } from "shared/log.ts";
import { lockFile } from "../../../../services/file_lock.ts";
import { controlApp } from "./control.ts";
import { isOfMachine } from "./environment.ts";
import { Host } from "./host.ts";
import { removeHostPlace, writeHostPlace } from "./place.ts";

const [given] = Deno.args;
if (given === undefined) throw new Error("Cannot host: the folder is missing");
// Replicas run in folders of their own.
const folder = resolve(given);
// Whoever starts it by hand may have settings and secrets at hand that no replica is to inherit.
for (const name of Object.keys(Deno.env.toObject())) if (!isOfMachine(name)) Deno.env.delete(name);
const log = openLog({ program: "host", level: "info", terminal: false });
using _lock = await lockFile(
  join(folder, "host.lock"),
  (pid) => `Cannot host ${folder}: another host does (pid ${pid})`,
);
const ended = Promise.withResolvers<void>();
const onFault = (what: string, error: unknown) => log.error(what, { error: error as Error });
const host = new Host({
  ...{ folder, onFault },
  onRestart: ({ slot, release }) =>
    log.warning("A replica ended, and is started again", { slot, release }),
});
let ending: Promise<void> | undefined;
const end = () => ending ??= host[Symbol.asyncDispose]().then(() => ended.resolve());
for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, end);

const key = crypto.randomUUID() + crypto.randomUUID();
const control = serveHttp(controlApp({ host, key, end }).fetch, {
  ...{ hostname: "127.0.0.1", port: 0 },
  onError: (error) => onFault("An order could not be answered", error),
});
await host.comeBack();
await writeHostPlace(folder, { pid: Deno.pid, url: control.url, key });
log.info("The host is up", { pid: Deno.pid });
await ended.promise;
await removeHostPlace(folder);
await control.close();
log.info("The host has ended");
Deno.exit(0);
