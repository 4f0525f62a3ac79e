/**
 * For tests, as a process of its own that may open few files: an HTTP server that runs out of them
 * while it is asked something, and is closed after. It prints what happens, in order.
 *
 * @module
 */

import { pause } from "shared/pause.ts";
import { serveHttp } from "../serve.ts";

// As programs do: the runtime takes files of its own for it, and panics where it gets none later.
Deno.addSignalListener("SIGTERM", () => Deno.exit());
const hostname = "127.0.0.1";
const asked = Promise.withResolvers<void>(), answered = Promise.withResolvers<void>();
const failed = Promise.withResolvers<void>();
const server = serveHttp(async () => {
  asked.resolve();
  await answered.promise;
  console.log("answered");
  return new Response();
}, { hostname, port: 0, onError: () => failed.resolve() });

using client = await Deno.connect({ hostname, port: server.port });
await client.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
await asked.promise;
const files: Deno.FsFile[] = [];
try {
  while (true) files.push(Deno.openSync(import.meta.filename!));
} catch {
  // The one that is left is for whoever comes: then there is none to take it with.
  files.pop()!.close();
}
const another = await Deno.connect({ hostname, port: server.port }).catch(() => undefined);
await failed.promise;
console.log("takes nobody");
another?.close();
for (const file of files) file.close();
while (!await isOpen()) await pause(50);
console.log("takes connections");
const closed = server.close().then(() => console.log("closed"));
setTimeout(answered.resolve, 500);
await closed;
Deno.exit();

async function isOpen(): Promise<boolean> {
  try {
    (await Deno.connect({ hostname, port: server.port })).close();
    return true;
  } catch {
    return false;
  }
}
