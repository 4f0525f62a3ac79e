/**
 * For tests, as a process of its own that may open few files: a public port that is kept listening,
 * fifty times as impatient as that of an edge. It prints its port.
 *
 * @module
 */

import { systemTurns } from "shared/turns.ts";
import type { Codecs } from "../upgrade.ts";
import { createSocketServer } from "../accept.ts";
import { keepListening } from "../listening.ts";

// As the program does: the runtime takes files of its own for it, and panics where it gets none later.
Deno.addSignalListener("SIGTERM", () => Deno.exit());

const turns = {
  ...systemTurns,
  later: (task: () => void, delayMs: number) => systemTurns.later(task, delayMs / 50),
};
const server = createSocketServer({
  fetch: () => new Response("here"),
  codecs: {} as Codecs,
  allowedOrigins: "any",
  sendBufferBytes: 1 << 20,
  maxHeldBytes: 1 << 20,
  maxConnections: 1_000,
  isOpen: () => false,
  onSocket: () => ({ onFrame() {}, onClose() {} }),
  onFault() {},
  turns,
});
const hostname = "127.0.0.1";
const port = await server.listen({ hostname, port: 0 });
const address = { hostname, port };
keepListening({
  address,
  taken: () => server.taken,
  listenAnew: () => server.listenAnew(address),
  turns,
  onDeaf() {},
  onFault() {},
});
console.log(port);
