/**
 * Answering what edges ask over the bus.
 *
 * Invariant: every request that is taken is answered, and no message ends the program: one that
 * cannot be read or answered is logged once and counted. What an edge cannot read is to it a
 * failed request; so an empty answer says "try again" at once, instead of a timeout.
 *
 * @module
 */

import type { BusMessage } from "shared/bus/bus.ts";
import type { NatsBus, NatsSubscription } from "shared/bus/nats.ts";
import { encodePage, type Page } from "shared/bus/page.ts";
import {
  type Answer,
  type AskDigest,
  BUS_VERSION,
  type Call,
  type CatchUp,
  type CaughtUp,
  type Changes,
  type ChangesHeader,
  decodeMessage,
  type Digest,
  encodeMessage,
  type Enter,
  type Entered,
  type Mend,
  type Mended,
  ORIGIN_QUEUE,
  REQUEST,
  type SendAnswers,
  type SendBatch,
  type Sent,
} from "shared/bus/requests.ts";
import { wireError } from "shared/wire/codes.ts";

/** Who answers each request. All may reject: the edge is then told to try again. */
export interface Handlers {
  /** One answer for each, in order. */
  send(sends: SendBatch["sends"]): Promise<Answer<Sent>[]>;
  call(call: Call): Promise<Answer>;
  enter(enter: Enter): Promise<Omit<Entered, "v">>;
  catchUp(read: CatchUp): Promise<Page<CaughtUp>>;
  mend(read: Mend): Promise<Page<Mended>>;
  changes(read: Changes): Promise<Page<ChangesHeader>>;
  digest(ask: AskDigest): Promise<Omit<Digest, "v">>;
}

export type Method = keyof Handlers;

export interface ServeEvents {
  answered(method: Method, ms: number): void;
  /** Refused because too much is under way. */
  refused(method: Method): void;
  failed(method: Method, error: unknown): void;
  /** Neither read nor understood. */
  poisoned(method: Method, error: unknown): void;
}

export interface ServeOptions {
  bus: Pick<NatsBus, "subscribe">;
  handlers: Handlers;
  events: ServeEvents;
  /** Monotonic. */
  nowMs: () => number;
  /** Requests of each kind under way at once; a batch of sends counts as many. */
  limits?: Readonly<Record<Kind, number>>;
}

/** Each kind has its own bound: devices that come back all at once keep nobody from sending. */
export type Kind = "commands" | "entering" | "healing";

export interface Serving {
  readonly inFlight: number;
  /** Takes no more; resolves when all that were taken are answered. */
  stop(): Promise<void>;
}

const LIMITS: Record<Kind, number> = { commands: 8_192, entering: 512, healing: 256 };
const NOTHING = new Uint8Array();

/** How a method is read from the bus, done, and written; and what it says when it is not done. */
interface Route<Request> {
  method: Method;
  kind: Kind;
  subject: string;
  cost(request: Request): number;
  answer(request: Request): Promise<Uint8Array>;
  refusal(request: Request, reason: "tooManyRequests" | "internal"): Uint8Array;
}

export function serve(options: ServeOptions): Serving {
  const { bus, events, nowMs, limits = LIMITS } = options;
  const underWay = new Set<Promise<void>>();
  const inFlight: Record<Kind, number> = { commands: 0, entering: 0, healing: 0 };

  const subscriptions = routesOf(options.handlers).map((route): NatsSubscription =>
    bus.subscribe(route.subject, (message) => take(route, message), { queue: ORIGIN_QUEUE })
  );

  function take<Request>(route: Route<Request>, message: BusMessage): void {
    const { method, kind } = route;
    let request: Request, cost: number;
    try {
      request = decodeMessage(message.data) as Request;
      cost = route.cost(request);
    } catch (error) {
      events.poisoned(method, error);
      return message.respond(NOTHING);
    }
    if (inFlight[kind] + cost > limits[kind]) {
      events.refused(method);
      return message.respond(route.refusal(request, "tooManyRequests"));
    }
    inFlight[kind] += cost;
    const done = answer(route, request, message).finally(() => {
      inFlight[kind] -= cost;
      underWay.delete(done);
    });
    underWay.add(done);
  }

  async function answer<Request>(
    route: Route<Request>,
    request: Request,
    message: BusMessage,
  ): Promise<void> {
    const start = nowMs();
    try {
      message.respond(await route.answer(request));
      events.answered(route.method, nowMs() - start);
    } catch (error) {
      events.failed(route.method, error);
      message.respond(route.refusal(request, "internal"));
    }
  }

  return {
    get inFlight() {
      return inFlight.commands + inFlight.entering + inFlight.healing;
    },
    async stop() {
      await Promise.all(subscriptions.map((subscription) => subscription.drain()));
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

// deno-lint-ignore no-explicit-any -- each route is consistent in itself; the list is of all kinds
function routesOf(handlers: Handlers): Route<any>[] {
  return [
    sendRoute(handlers),
    callRoute(handlers),
    read<Enter>("enter", async (enter) => encodeMessage<Entered>(await handlers.enter(enter))),
    read<CatchUp>("catchUp", async (catchUp) => encodePage(await handlers.catchUp(catchUp))),
    read<Mend>("mend", async (mend) => encodePage(await handlers.mend(mend))),
    read<Changes>("changes", async (changes) => encodePage(await handlers.changes(changes))),
    read<AskDigest>("digest", async (ask) => encodeMessage<Digest>(await handlers.digest(ask))),
  ];
}

function sendRoute(handlers: Handlers): Route<SendBatch> {
  return {
    method: "send",
    kind: "commands",
    subject: REQUEST.send,
    cost: ({ sends }) => sends.length,
    answer: async ({ sends }) =>
      encodeMessage<SendAnswers>({ answers: await handlers.send(sends) }),
    refusal: ({ sends }, reason) =>
      encodeMessage<SendAnswers>({ answers: sends.map(() => ({ error: wireError(reason) })) }),
  };
}

function callRoute(handlers: Handlers): Route<Call> {
  const encode = (answer: Answer) => utf8.encode(JSON.stringify({ v: BUS_VERSION, ...answer }));
  return {
    method: "call",
    kind: "commands",
    subject: REQUEST.call,
    cost: () => 1,
    answer: async (call) => encode(await handlers.call(call)),
    refusal: (_, reason) => encode({ error: wireError(reason) }),
  };
}

function read<Request>(
  method: Exclude<Method, "send" | "call">,
  answer: (request: Request) => Promise<Uint8Array>,
): Route<Request> {
  const kind = method === "enter" || method === "catchUp" ? "entering" : "healing";
  return { method, kind, subject: REQUEST[method], cost: () => 1, answer, refusal: () => NOTHING };
}

const utf8 = new TextEncoder();
