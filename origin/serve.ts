/**
 * Answering what edges ask over the bus.
 *
 * Invariant: every request that is taken is answered, and no message ends the program: one that
 * cannot be read or answered, or whose answer no message can hold, is logged once and counted. What
 * is done at the same time is bounded by the lanes, and what waits for its turn was promised nothing
 * yet.
 *
 * @module
 */

import { Refused } from "shared/admission.ts";
import type { BusMessage } from "shared/bus/bus.ts";
import type { NatsBus, NatsSubscription } from "shared/bus/nats.ts";
import { decodeMessage, ORIGIN_QUEUE } from "shared/bus/requests.ts";
import { type Lanes, PATIENCE_MS } from "./lanes.ts";
import { type Handlers, type Method, NOTHING, type Route, routesOf } from "./routes.ts";

export interface ServeEvents {
  answered(method: Method, ms: number): void;
  /** Refused because too much is under way. */
  refused(method: Method): void;
  failed(method: Method, error: unknown): void;
  /** Done, and its answer is too large for the bus. */
  oversized(method: Method, error: unknown): void;
  /** Neither read nor understood. */
  poisoned(method: Method, error: unknown): void;
}

export interface ServeOptions {
  bus: Pick<NatsBus, "subscribe" | "maxMessageBytes">;
  handlers: Handlers;
  lanes: Lanes;
  events: ServeEvents;
  /** Monotonic. */
  nowMs: () => number;
}

export interface Serving {
  /** Taken and not answered yet: under way, or waiting for their turn. */
  readonly inFlight: number;
  /** Takes no more; resolves when all that were taken are answered. */
  stop(): Promise<void>;
}

export function serve(options: ServeOptions): Serving {
  const { bus, events, lanes, nowMs } = options;
  const underWay = new Set<Promise<void>>();

  const subscriptions = routesOf(options.handlers).map((route): NatsSubscription =>
    bus.subscribe(route.subject, (message) => take(route, message), { queue: ORIGIN_QUEUE })
  );

  function take<Request>(route: Route<Request>, message: BusMessage): void {
    let request: Request, places: number;
    try {
      request = decodeMessage(message.data) as Request;
      places = route.cost(request);
    } catch (error) {
      events.poisoned(route.method, error);
      return message.respond(NOTHING);
    }
    const done = answer(route, request, places, message).finally(() => underWay.delete(done));
    underWay.add(done);
  }

  async function answer<Request>(
    route: Route<Request>,
    request: Request,
    places: number,
    message: BusMessage,
  ): Promise<void> {
    const startMs = nowMs();
    const edge = message.sender ?? "";
    const turn = { places, patienceMs: PATIENCE_MS[route.lane] };
    try {
      const run = () => route.answer(request);
      const bytes = await lanes[route.lane].run(edge, run, turn);
      if (bytes.length > bus.maxMessageBytes) {
        const why = `${bytes.length} bytes, and NATS takes ${bus.maxMessageBytes}`;
        events.oversized(route.method, new Error(`Cannot answer ${route.subject}: it is ${why}`));
        return message.respond(route.refusal(request, "internal"));
      }
      message.respond(bytes);
      events.answered(route.method, nowMs() - startMs);
    } catch (error) {
      const isRefusal = error instanceof Refused;
      if (isRefusal) events.refused(route.method);
      else events.failed(route.method, error);
      message.respond(route.refusal(request, isRefusal ? "tooManyRequests" : "internal"));
    }
  }

  return {
    get inFlight() {
      return underWay.size;
    },
    async stop() {
      await Promise.all(subscriptions.map((subscription) => subscription.drain()));
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
