/**
 * The public port of an edge: HTTP requests go to the app, upgrades become sockets.
 *
 * Invariant: no bytes of a client are kept beyond fixed bounds, whatever it sends and however
 * slowly, and no error of a connection leaves that connection. The only module that opens sockets.
 *
 * @module
 */

import { once } from "node:events";
import { createServer, type IncomingMessage, STATUS_CODES } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import { type ServerOptions, type WebSocket, WebSocketServer } from "ws";
import { FRAME_LIMITS } from "shared/wire/codec.ts";
import { CLOSES } from "shared/wire/codes.ts";
import type { Turns } from "shared/turns.ts";
import { Flusher } from "./flusher.ts";
import type { IntakeRate } from "./intake.ts";
import { CLOSE_TIMEOUT_MS, type Socket, type SocketHandler, WsSocket } from "./socket.ts";
import { type AllowedOrigins, type Codecs, decideUpgrade, type UpgradeRequest } from "./upgrade.ts";

/** A request must have arrived within this, or its connection ends. */
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** A client has no reason to split 64 KiB into more. */
const MAX_FRAGMENTS = 64;
/** The pieces, as they arrived, of a frame that is not yet whole. */
const MAX_CHUNKS = 1024;

export interface SocketServerOptions {
  /** Answers what is no upgrade. */
  fetch: (request: Request) => Response | Promise<Response>;
  codecs: Codecs;
  allowedOrigins: AllowedOrigins;
  /** What may wait for one peer before `send` says no. */
  sendBufferBytes: number;
  /** What may wait for all peers together before whoever is slow must go. */
  maxHeldBytes: number;
  /** Connections of any kind: those that are no WebSockets yet, or closing, included. */
  maxConnections: number;
  /** Whether one more connection is welcome; else its upgrade is answered with 503. */
  isOpen(): boolean;
  onSocket(socket: Socket, request: SocketRequest): SocketHandler;
  /** An exception thrown by `onSocket` or by a handler. */
  onFault(error: unknown): void;
  turns: Turns;
  /** How fast each peer is read. */
  intake?: IntakeRate;
}

/** What a connection came with. */
export interface SocketRequest {
  remoteAddress: string;
  headers: IncomingMessage["headers"];
}

export interface Address {
  hostname: string;
  port: number;
}

export interface SocketServer {
  /** Resolves with the port. */
  listen(address: Address): Promise<number>;
  /** Takes connections there again, where the runtime has given up to; whoever is connected stays. */
  listenAnew(address: Address): Promise<number>;
  /** How many connections were taken so far, whatever became of them. */
  readonly taken: number;
  /** Cuts every connection, but lets those that are closing already end in good order. */
  close(): Promise<void>;
  measure(): SocketMeasures;
}

export interface SocketMeasures {
  open: number;
  /** Bytes that wait for all peers together, and for the slowest one. */
  queuedBytes: number;
  maxQueuedBytes: number;
  /** Those of `queuedBytes` that the runtime has not taken. */
  heldBytes: number;
  /** Frames queued since the start, on sockets that have closed too. */
  frames: number;
  frameBytes: number;
}

export function createSocketServer(options: SocketServerOptions): SocketServer {
  const flusher = new Flusher(options.turns);
  const sockets = new Set<WsSocket>();
  const held = { bytes: 0 };
  const ofClosed = { frames: 0, bytes: 0 };
  let onEmpty = () => {};
  let taken = 0;
  /** What `decideUpgrade` chose for a request, until `ws` asks for it. */
  const protocols = new WeakMap<IncomingMessage, string | undefined>();
  const webSockets = new WebSocketServer(webSocketOptions((request) => protocols.get(request)));
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: 1000,
  }, getRequestListener(options.fetch, { overrideGlobalObjects: false }));

  // Beyond, a connection is ended as soon as it is there.
  server.maxConnections = options.maxConnections;
  server.on("connection", () => taken++);
  server.on("upgrade", (request: IncomingMessage, stream: Duplex, head) => {
    stream.on("error", () => stream.destroy());
    const decision = decideUpgrade(request as UpgradeRequest, {
      codecs: options.codecs,
      allowedOrigins: options.allowedOrigins,
      isOpen: options.isOpen,
    });
    if ("refuse" in decision) return refuse(stream, decision.refuse, decision.headers);
    protocols.set(request, decision.protocol);
    webSockets.handleUpgrade(request, stream, head, (ws) => {
      const { onFault, sendBufferBytes, maxHeldBytes, intake, turns } = options;
      const socket = new WsSocket(ws, stream, {
        codec: decision.codec,
        flusher,
        sendBufferBytes,
        held,
        maxHeldBytes,
        intake,
        turns,
        onFault,
      });
      sockets.add(socket);
      accept(ws, socket, request);
    });
  });

  function accept(ws: WebSocket, socket: WsSocket, request: IncomingMessage): void {
    // ws has answered a bad frame with its close code already; without a listener it would throw.
    ws.on("error", () => {});
    ws.once("close", () => {
      sockets.delete(socket);
      ofClosed.frames += socket.framesQueued;
      ofClosed.bytes += socket.bytesQueued;
      if (sockets.size === 0) onEmpty();
    });
    try {
      socket.attach(options.onSocket(socket, {
        remoteAddress: request.socket.remoteAddress ?? "",
        headers: request.headers,
      }));
    } catch (error) {
      options.onFault(error);
      socket.close(CLOSES.internal);
    }
  }

  async function listen({ hostname, port }: Address): Promise<number> {
    // It leaves no listener behind where this fails, and that may be tried again for hours.
    const listening = once(server, "listening");
    server.listen(port, hostname);
    await listening;
    return (server.address() as AddressInfo).port;
  }

  return {
    listen,
    listenAnew(address) {
      server.close();
      return listen(address);
    },
    get taken() {
      return taken;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) if (!socket.isClosing) socket.terminate();
      if (sockets.size > 0) await new Promise<void>((resolve) => onEmpty = resolve);
      server.closeAllConnections();
      await closed;
    },
    measure() {
      const measures = { open: sockets.size, queuedBytes: 0, maxQueuedBytes: 0 };
      let { frames, bytes: frameBytes } = ofClosed;
      for (const { queuedBytes, framesQueued, bytesQueued } of sockets) {
        measures.queuedBytes += queuedBytes;
        measures.maxQueuedBytes = Math.max(measures.maxQueuedBytes, queuedBytes);
        frames += framesQueued;
        frameBytes += bytesQueued;
      }
      return { ...measures, heldBytes: held.bytes, frames, frameBytes };
    },
  };
}

function webSocketOptions(protocolOf: (request: IncomingMessage) => string | undefined) {
  return {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: FRAME_LIMITS.maxBytes,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_CHUNKS,
    closeTimeout: CLOSE_TIMEOUT_MS,
    handleProtocols: (_offered: Set<string>, request: IncomingMessage) =>
      protocolOf(request) ?? false,
  } as ServerOptions;
}

function refuse(stream: Duplex, status: number, headers: Record<string, string> = {}): void {
  const lines = Object.entries({ ...headers, "Connection": "close", "Content-Length": "0" })
    .map(([name, value]) => `${name}: ${value}\r\n`).join("");
  stream.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines}\r\n`, () => stream.destroy());
}
