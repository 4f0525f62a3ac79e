/**
 * How each request is read from the bus, answered, and written; and what it is told when it is not.
 *
 * Invariant: whatever becomes of a request, there are bytes to answer it with. What an edge cannot
 * read is to it a failed request; so an empty answer says "try again" at once, instead of a timeout.
 *
 * @module
 */

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
  type Digest,
  encodeMessage,
  type Enter,
  type Entered,
  type Mend,
  type Mended,
  REQUEST,
  type SendAnswers,
  type SendBatch,
  type Sent,
} from "shared/bus/requests.ts";
import { wireError } from "shared/wire/codes.ts";
import type { Lane } from "./lanes.ts";

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

export interface Route<Request> {
  method: Method;
  lane: Lane;
  subject: string;
  /** Places that it takes in its lane. */
  cost(request: Request): number;
  answer(request: Request): Promise<Uint8Array>;
  refusal(request: Request, reason: "tooManyRequests" | "internal"): Uint8Array;
}

export const NOTHING = new Uint8Array();

// deno-lint-ignore no-explicit-any -- each route is consistent in itself; the list is of all kinds
export function routesOf(handlers: Handlers): Route<any>[] {
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
    lane: "sends",
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
    lane: "calls",
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
  const lane = method === "enter" || method === "catchUp" ? "entering" : "healing";
  return { method, lane, subject: REQUEST[method], cost: () => 1, answer, refusal: () => NOTHING };
}

const utf8 = new TextEncoder();
