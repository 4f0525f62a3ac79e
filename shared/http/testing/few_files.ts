/**
 * For tests, as a process of its own that may open few files: an HTTP server. It prints its port.
 *
 * @module
 */

import { serveHttp } from "../serve.ts";

// As programs do: the runtime takes files of its own for it, and panics where it gets none later.
Deno.addSignalListener("SIGTERM", () => Deno.exit());
const options = { hostname: "127.0.0.1", port: 0, onError() {} };
console.log(serveHttp(() => new Response("here"), options).port);
