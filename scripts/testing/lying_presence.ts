/**
 * A presence store that says the same of every user, whatever the truth: it stands between an
 * origin and the real store, and changes nothing but the answers about users.
 *
 * @module
 */

import type { ConnectionId, DeviceId } from "shared/ids.ts";
import { encodeDevices, MARKER_FIELD } from "shared/presence.ts";

export interface LyingPresence extends AsyncDisposable {
  readonly url: string;
}

const SOMEBODY = encodeDevices([{
  device: "somewhere" as DeviceId,
  connection: "none" as ConnectionId,
  foreground: true,
}]);

/** `target`: the address of the real store. */
export function lyingPresence(target: string, says: "online" | "offline"): LyingPresence {
  const answer = says === "online" ? SOMEBODY : null;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const body = await request.text();
      const { pathname } = new URL(request.url);
      const { method, headers } = request;
      const honest = await fetch(`${target}${pathname}`, { method, headers, body });
      if (pathname !== "/pipeline") return honest;
      const commands = JSON.parse(body) as string[][];
      const results = await honest.json() as { result?: unknown }[];
      return Response.json(results.map((result, i) => {
        const [name, , ...fields] = commands[i]!;
        if (name!.toLowerCase() !== "hmget") return result;
        const told = result.result as unknown[];
        return { result: fields.map((field, n) => field === MARKER_FIELD ? told[n] : answer) };
      }));
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
