import assert from "node:assert/strict";
import { pause } from "../../../services/wait_until.ts";
import type { Host } from "./host.ts";
import { planPlaces } from "./places.ts";
import { rollOne } from "./roll.ts";

/** What is started there takes connections, and says nothing. */
function hostThatStandsStill(done: string[]) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const sockets: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const socket of listener) sockets.push(socket);
  })();
  const nothing = () => Promise.resolve();
  const host = {
    name: "chat1",
    find: () => Promise.resolve({ records: [], current: new Map() }),
    stateOf: () => Promise.resolve({ active: "active", restarts: 0 }),
    switchTo: nothing,
    start: () => Promise.resolve(void done.push("start")),
    stop: () => Promise.resolve(void done.push("stop")),
    lastWords: () => Promise.resolve("its last words"),
    reach: () => Promise.resolve({ port: listener.addr.port, [Symbol.asyncDispose]: nothing }),
  } as unknown as Host;
  return {
    host,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      for (const socket of sockets) socket.close();
    },
  };
}

Deno.test("rollOne() gives up a replica that takes connections and answers nothing, and stops it", async () => {
  const done: string[] = [];
  await using there = hostThatStandsStill(done);
  const [place] = planPlaces("origin", {
    ...{ hosts: ["chat1"], replicas: 1, port: 8100, internalPort: 9100 },
  });
  const waiting = { readyMs: 1, everyMs: 1, pause, elapsedMs: () => performance.now() };
  await assert.rejects(
    rollOne({ host: there.host, place: place! }, "0.1.0", () => Promise.resolve(), waiting),
    /Cannot start origin-0 on chat1: it is not ready: it does not answer\nits last words/,
  );
  assert.deepEqual(done, ["stop", "start", "stop"]);
});
