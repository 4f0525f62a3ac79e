/**
 * How a host is driven: HTTP on loopback, for whoever has its key.
 *
 * Invariant: each order may be said again. What fails is answered in words, with status 500.
 *
 * @module
 */

import { Hono } from "hono";
import { isSameSecret } from "shared/http/secret.ts";
import type { ProgramKind } from "../../../../dev/start_command.ts";
import type { Address } from "../../../../services/address.ts";
import type { Host } from "./host.ts";
import type { HostState, Wanted } from "./slot.ts";

/** What may be asked of a host, each as `POST /<name>`. */
export interface Orders {
  listen: { kind: ProgramKind; address: Address };
  /** For operators: one address for the internal ports of a program's replicas. */
  listenInternal: { kind: ProgramKind; address: Address };
  start: Wanted & { withinMs: number };
  takeIn: Pick<Wanted, "slot" | "release">;
  retire: Pick<Wanted, "slot" | "release">;
  /** Answered when everything has ended; the host ends after it. */
  end: Record<string, never>;
}

export type OrderName = keyof Orders;

export interface ControlOptions {
  host: Pick<Host, "state" | "listen" | "listenInternal" | "start" | "takeIn" | "retire">;
  key: string;
  end(): Promise<void>;
}

export const KEY_HEADER = "x-host-key";

export function controlApp({ host, key, end }: ControlOptions): Hono {
  const app = new Hono();
  const orders: { [Name in OrderName]: (order: Orders[Name]) => Promise<void> } = {
    listen: ({ kind, address }) => host.listen(kind, address),
    listenInternal: ({ kind, address }) => host.listenInternal(kind, address),
    start: ({ withinMs, ...wanted }) => host.start(wanted, withinMs),
    takeIn: (one) => host.takeIn(one),
    retire: (one) => host.retire(one),
    end,
  };
  app.use(async (c, next) => {
    if (!isSameSecret(c.req.header(KEY_HEADER), key)) return c.json({ error: "wrong key" }, 401);
    await next();
  });
  app.get("/", (c) => c.json(host.state satisfies HostState));
  for (const [name, perform] of Object.entries(orders)) {
    app.post(`/${name}`, async (c) => {
      await perform(await c.req.json());
      return c.json({});
    });
  }
  app.onError((error, c) => c.json({ error: error.message }, 500));
  return app;
}
