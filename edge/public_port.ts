/**
 * The port that clients come to.
 *
 * Invariant: an upgrade is taken only while the edge can serve it, and is else answered at once, so
 * that the client goes elsewhere. Knows nothing of what a connection says.
 *
 * @module
 */

import { Hono } from "hono";
import type { Turns } from "shared/turns.ts";
import type { EdgeConfig } from "./config.ts";
import type { Delivery } from "./delivery.ts";
import { Bucket } from "./limits/rate.ts";
import type { EdgeEvents } from "./metrics.ts";
import type { Notices } from "./notices.ts";
import { createSocketServer, type SocketServer } from "./socket/accept.ts";
import { keepListening, type Listening } from "./socket/listening.ts";
import { type Codecs, WEBSOCKET_PATH } from "./socket/upgrade.ts";

export interface PublicPortDeps {
  config: EdgeConfig;
  codecs: Codecs;
  /** Aborted: the edge drains. */
  drain: AbortController;
  turns: Turns;
  events: EdgeEvents;
  notices: Notices;
}

/** Connections that are no WebSockets yet, or whose close is not answered yet. */
const MAX_HANDSHAKES = 1_000;
/**
 * Once connects wait so long for their turn, newcomers are answered with 503: that costs a tenth of
 * letting them in only to tell them, later, to come back.
 */
const LONG_WAIT_MS = 1_000;

export function createPublicPort(deps: PublicPortDeps, delivery: Delivery): SocketServer {
  const { config, codecs, drain, turns, events, notices } = deps;
  const connects = new Bucket(config.limits.connects);
  const whyClosed = () => {
    if (drain.signal.aborted) return "draining";
    if (!delivery.reachable) return "unreachable";
    if (delivery.connections.size >= config.limits.maxConnections) return "full";
    const { isFull, expectedWaitMs } = delivery.catchUps;
    if (isFull || expectedWaitMs > LONG_WAIT_MS) return "busy";
    if (!connects.admit(turns.nowMs())) return "rate";
  };
  const isOpen = () => {
    const reason = whyClosed();
    if (reason) events.upgradeRefused(reason);
    return reason === undefined;
  };
  return createSocketServer({
    fetch: publicApp().fetch,
    codecs,
    allowedOrigins: config.allowedOrigins,
    sendBufferBytes: config.sendBufferBytes,
    maxHeldBytes: config.sendBuffersTotalBytes,
    maxConnections: config.limits.maxConnections + MAX_HANDSHAKES,
    turns,
    isOpen,
    onSocket: (socket) => delivery.connections.add(socket),
    onFault(error) {
      events.handlerThrew();
      notices.fail("A connection was closed by a fault of ours", error);
    },
  });
}

/** Until it is ended, `port` takes connections, whatever the runtime thinks of it. */
export function keepOpen(
  { config, turns, notices }: PublicPortDeps,
  server: SocketServer,
  port: number,
): Listening {
  const address = { hostname: config.listen.hostname, port };
  return keepListening({
    address,
    taken: () => server.taken,
    listenAnew: () => server.listenAnew(address),
    turns,
    onDeaf: () => notices.warn("The public port took nobody: it is opened anew"),
    onFault: (error) => notices.fail("The public port could not be opened anew", error),
  });
}

/** What the public port says to those who come without an upgrade. */
function publicApp(): Hono {
  const app = new Hono();
  app.all(WEBSOCKET_PATH, (c) => c.text("This is a WebSocket", 426, { Upgrade: "websocket" }));
  return app;
}
