/**
 * The server API over HTTP: `POST /api/<method>` with the key in `X-API-Key`.
 *
 * Invariant: nothing is read of a request without the key but its headers. Every answer is
 * `{"result"}` or `{"error":{"code","message"}}`, with status 200 whenever the method was run.
 *
 * @module
 */

import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { Admission, Refused } from "shared/admission.ts";
import type { JsonValue } from "shared/event.ts";
import type { Turns } from "shared/turns.ts";
import type { Answer } from "shared/bus/requests.ts";
import { isSameSecret } from "shared/http/secret.ts";
import { type WireError, wireError } from "shared/wire/codes.ts";
import type { ApiDeps, ApiMethod } from "./method.ts";
import { METHODS } from "./methods.ts";
import { describeApi, MAX_BATCH } from "./openapi.ts";

export interface ApiOptions {
  key: string;
  deps: ApiDeps;
  turns: Pick<Turns, "nowMs" | "later">;
  events: ApiEvents;
  methods?: readonly ApiMethod[];
}

export interface ApiEvents {
  /** A method that there is was run, with whatever result. */
  answered(method: string, ms: number): void;
  failed(method: string, error: unknown): void;
}

export const MAX_REQUEST_BYTES = 1024 * 1024;
/** Requests whose bodies are in memory; what waits has had its headers read and nothing else. */
export const REQUESTS = { places: 64, maxWaiting: 1_024 };
const PATIENCE_MS = 5_000;

interface Command {
  method: string;
  data?: JsonValue;
}

export function createApi({ key, deps, turns, events, methods = METHODS }: ApiOptions): Hono {
  const requests = new Admission<"request">({ ...REQUESTS, turns });
  const byName = new Map(methods.map((method) => [method.name, method]));
  const app = new Hono();
  app.get("/api/openapi.json", (c) => c.json(describeApi(methods)));
  app.use("/api/*", needsKey(key), needsJson, takesTurn(requests), limitsBody);
  app.post("/api/:method", async (c) => {
    const data = await readJson(c);
    if (data === undefined) return refuse(c, 400, wireError("badRequest", "the body is not JSON"));
    const name = c.req.param("method");
    if (name === "batch") return await answerBatch(c, data);
    if (!byName.has(name)) return refuse(c, 404, wireError("methodNotFound"));
    return c.json(await run({ method: name, data }));
  });
  app.all("/api/*", (c) => refuse(c, 405, wireError("badRequest", "use POST")));
  app.onError((error, c) => {
    events.failed(c.req.path, error);
    return c.json({ error: wireError("internal") }, 500);
  });
  app.notFound((c) => refuse(c, 404, wireError("methodNotFound")));
  return app;

  async function run({ method, data = {} }: Command): Promise<Answer> {
    const known = byName.get(method);
    if (!known) return { error: wireError("methodNotFound") };
    const startedMs = turns.nowMs();
    try {
      return await known.run(deps, data);
    } catch (error) {
      if (error instanceof Refused) return { error: wireError("tooManyRequests") };
      events.failed(method, error);
      return { error: wireError("internal") };
    } finally {
      events.answered(method, turns.nowMs() - startedMs);
    }
  }

  async function answerBatch(c: Context, data: JsonValue) {
    const batch = readBatch(data);
    if (typeof batch === "string") return refuse(c, 400, wireError("badRequest", batch));
    if (batch.parallel) {
      return c.json({ result: { replies: await Promise.all(batch.commands.map(run)) } });
    }
    const replies: Answer[] = [];
    for (const command of batch.commands) replies.push(await run(command));
    return c.json({ result: { replies } });
  }
}

function needsKey(key: string): MiddlewareHandler {
  return async (c, next) => {
    if (isSameSecret(c.req.header("x-api-key"), key)) return await next();
    return refuse(c, 401, wireError("unauthorized", "the header X-API-Key is missing or wrong"));
  };
}

const needsJson: MiddlewareHandler = async (c, next) => {
  const type = c.req.header("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (c.req.method !== "POST" || type === "application/json") return await next();
  return refuse(c, 415, wireError("badRequest", "the content type must be application/json"));
};

function takesTurn(requests: Admission<"request">): MiddlewareHandler {
  return async (c, next) => {
    const visit = requests.visit("request", { patienceMs: PATIENCE_MS });
    try {
      if (await visit.entered) return await next();
      return refuse(c, 503, wireError("tooManyRequests"));
    } finally {
      visit.end();
    }
  };
}

const limitsBody = bodyLimit({
  maxSize: MAX_REQUEST_BYTES,
  onError: (c) => refuse(c, 413, wireError("tooLarge", `at most ${MAX_REQUEST_BYTES} bytes`)),
});

function refuse(c: Context, status: 400 | 401 | 404 | 405 | 413 | 415 | 503, error: WireError) {
  return c.json({ error }, status);
}

/** An empty body is an empty object: a method may need no data. */
async function readJson(c: Context): Promise<JsonValue | undefined> {
  try {
    const text = await c.req.text();
    return text === "" ? {} : JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface Batch {
  commands: Command[];
  parallel: boolean;
}

/** A batch, or what is wrong with it. */
function readBatch(data: JsonValue): Batch | string {
  const { commands, parallel = false } = (data ?? {}) as Partial<Batch>;
  if (!Array.isArray(commands)) return "commands must be an array";
  if (commands.length > MAX_BATCH) return `commands must be at most ${MAX_BATCH}`;
  if (typeof parallel !== "boolean") return "parallel must be true or false";
  if (!commands.every((command) => typeof command?.method === "string")) {
    return "each command must be an object with a method";
  }
  return { commands, parallel };
}
