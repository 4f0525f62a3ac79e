/**
 * The store as a process of its own, for development: what it holds is gone when it ends.
 *
 * `REDIS_REST_TOKEN`, `REDIS_REST_READ_ONLY_TOKEN` (absent: none) and `REDIS_REST_PORT` (0 or
 * absent: a free one) come from the environment; the first line it prints is `{"url": …}`.
 *
 * @module
 */

import { startRedisRest } from "./server.ts";

const token = Deno.env.get("REDIS_REST_TOKEN");
const port = Number(Deno.env.get("REDIS_REST_PORT") ?? 0);
if (!token || !Number.isInteger(port) || port < 0 || port > 65_535) {
  console.error(
    "Cannot start the REST store: it needs REDIS_REST_TOKEN, and a port as REDIS_REST_PORT",
  );
  Deno.exit(2);
}

const readOnlyToken = Deno.env.get("REDIS_REST_READ_ONLY_TOKEN");
await using server = startRedisRest({ token, port, ...(readOnlyToken && { readOnlyToken }) });
console.log(JSON.stringify({ url: server.url }));

const stopped = Promise.withResolvers<void>();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => stopped.resolve());
}
await stopped.promise;
