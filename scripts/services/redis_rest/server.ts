/**
 * The store behind Upstash's REST interface.
 *
 * Speaks `POST /`, `/pipeline` and `/multi-exec` with a bearer token, and encodes answers in base64
 * when asked to, as Upstash's own client does. Everything else is the store's.
 *
 * @module
 */

import { isStatus, OK, plain, type PlainReply, type Reply } from "./reply.ts";
import { type CommandTaker, readOnly } from "./read_only.ts";
import { type Outcome, RedisStore } from "./store.ts";

/** What a request meets instead of the store, or before it. */
export interface Fault {
  /** The request waits for both of these, or until the client gives up. */
  until?: Promise<unknown>;
  delayMs?: number;
  /** With either of these the store is not asked. */
  status?: number;
  body?: string;
}

export interface RedisRestOptions {
  token: string;
  /** Opens the store for reading alone. */
  readOnlyToken?: string;
  /** Default 0: a free one. */
  port?: number;
  now?: () => number;
  /** Told each command before it is executed, also those that a fault keeps from the store. */
  onCommand?: (words: string[]) => void;
  /** Asked once a request. */
  fault?: (commands: string[][]) => Fault | undefined;
}

export interface RunningRedisRest extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  readonly store: RedisStore;
}

/** As Upstash's smallest plan. */
const MAX_REQUEST_BYTES = 10 * 1024 * 1024;

export function startRedisRest(options: RedisRestOptions): RunningRedisRest {
  const store = new RedisStore({ now: options.now ?? Date.now });
  const closing = new AbortController();
  const server = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: options.port ?? 0,
      onListen: () => {},
      // A client that gives up in the middle of its request is no fault of the store's.
      onError: () => failure(400, "ERR failed to read the request"),
    },
    (request) => answer(request, store, options, closing.signal),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    token: options.token,
    store,
    async [Symbol.asyncDispose]() {
      closing.abort();
      await server.shutdown();
    },
  };
}

async function answer(
  request: Request,
  store: RedisStore,
  options: RedisRestOptions,
  closing: AbortSignal,
): Promise<Response> {
  const { token, readOnlyToken } = options;
  const isBearerOf = (one: string) => request.headers.get("authorization") === `Bearer ${one}`;
  const mayOnlyRead = readOnlyToken !== undefined && isBearerOf(readOnlyToken);
  if (!mayOnlyRead && !isBearerOf(token)) {
    return failure(401, "WRONGPASS invalid or missing auth token");
  }
  const path = new URL(request.url).pathname;
  if (request.method !== "POST" || !["/", "/pipeline", "/multi-exec"].includes(path)) {
    return failure(404, "ERR no such path");
  }
  const body = await request.text();
  if (body.length > MAX_REQUEST_BYTES) return failure(413, "ERR max request size exceeded");
  const commands = parseCommands(body, path);
  if (!commands) return failure(400, "ERR failed to parse command");
  for (const words of commands) options.onCommand?.(words);
  const fault = options.fault?.(commands);
  if (fault) {
    await endOf(fault, AbortSignal.any([request.signal, closing]));
    if (fault.status !== undefined || fault.body !== undefined) {
      return new Response(fault.body ?? "", { status: fault.status ?? 200 });
    }
  }
  const encode = request.headers.get("upstash-encoding") === "base64" ? toBase64 : plain;
  return respond(mayOnlyRead ? readOnly(store) : store, commands, path, encode);
}

function respond(
  store: CommandTaker,
  commands: string[][],
  path: string,
  encode: (reply: Reply) => PlainReply,
): Response {
  const shown = (outcome: Outcome) =>
    "error" in outcome ? outcome : { result: encode(outcome.result) };
  if (path === "/") {
    const outcome = store.execute(commands[0]!);
    return Response.json(shown(outcome), { status: "error" in outcome ? 400 : 200 });
  }
  const outcomes = path === "/pipeline"
    ? commands.map((words) => store.execute(words))
    : store.transaction(commands);
  return "error" in outcomes ? failure(400, outcomes.error) : Response.json(outcomes.map(shown));
}

function parseCommands(body: string, path: string): string[][] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return;
  }
  const commands = path === "/" ? [value] : value;
  if (!Array.isArray(commands) || !commands.every(isWords)) return;
  return commands.map((words) => words.map(String));
}

function isWords(value: unknown): value is (string | number | boolean)[] {
  return Array.isArray(value) && value.length > 0 &&
    value.every((word) => ["string", "number", "boolean"].includes(typeof word));
}

function failure(status: number, error: string): Response {
  return Response.json({ error }, { status });
}

/** Upstash leaves its own "OK" as it is, which its client knows, but no "OK" that was stored. */
function toBase64(reply: Reply): PlainReply {
  if (Array.isArray(reply)) return reply.map(toBase64);
  if (isStatus(reply)) return reply === OK ? reply.status : toBase64(reply.status);
  return typeof reply === "string" ? new TextEncoder().encode(reply).toBase64() : reply;
}

async function endOf(fault: Fault, given: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const delay = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, fault.delayMs ?? 0);
  });
  const aborted = new Promise<void>((resolve) => {
    given.addEventListener("abort", () => resolve(), { once: true });
  });
  await Promise.race([aborted, Promise.allSettled([delay, fault.until])]);
  clearTimeout(timer);
}
