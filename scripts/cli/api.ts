/**
 * Calls of the server API.
 *
 * Invariant: an answer is a result or a `CommandFailed` that says what the origin said. Any origin
 * will do: one that does not answer is passed over.
 *
 * @module
 */

import type { OriginState, State } from "../dev/state.ts";
import { CommandFailed, UsedWrongly } from "./run.ts";

const TIMEOUT_MS = 10_000;

interface ApiAnswer<Result> {
  result?: Result;
  error?: { code: number; message: string };
}

export async function callApi<Result>(
  { origins, api_key }: Pick<State, "api_key"> & { origins: Pick<OriginState, "api">[] },
  method: string,
  data: unknown,
): Promise<Result> {
  if (origins.length === 0) throw new UsedWrongly("name the origins too: --env origin=FILE");
  let refused: unknown;
  for (const { api } of origins) {
    try {
      return await callOrigin<Result>(`${api}/api/${method}`, api_key, data);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      refused = error;
    }
  }
  throw new CommandFailed("no origin can be reached", { cause: refused });
}

async function callOrigin<Result>(url: string, key: string, data: unknown): Promise<Result> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "X-API-Key": key, "Content-Type": "application/json" },
    body: JSON.stringify(data),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  const answer = parseAnswer<Result>(text);
  if (answer?.error) throw new CommandFailed(`${answer.error.message} (${answer.error.code})`);
  if (answer?.result === undefined) {
    throw new CommandFailed(`the origin answered ${response.status}: ${text.slice(0, 200)}`);
  }
  return answer.result;
}

function parseAnswer<Result>(text: string): ApiAnswer<Result> | undefined {
  try {
    return JSON.parse(text);
  } catch {
    // Not of the API: the caller tells what it was.
    return undefined;
  }
}
