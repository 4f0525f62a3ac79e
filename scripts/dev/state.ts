/**
 * The state file: where everything of a running system is found, and its secrets.
 *
 * Invariant: the file is replaced as a whole and never readable by others, so that a reader sees
 * a complete system or none. Tests, the command line and the bench find all they need in it. Knows nothing of how the parts are started.
 *
 * @module
 */

export const DEFAULT_STATE_FILE = ".cache/dev/state.json";

export interface EdgeState {
  id: string;
  pid: number;
  url: string;
  ws: string;
  internal: string;
}

export interface OriginState {
  id: string;
  pid: number;
  api: string;
  internal: string;
}

/** A part without a `pid` was there before: its address came from the environment. */
export interface State {
  /** The process that supervises the others. */
  pid: number;
  edges: EdgeState[];
  origins: OriginState[];
  postgres: { url: string; pid?: number };
  nats: { url: string; pid?: number };
  redis: { url: string; token: string; pid?: number };
  push: { recorder: string; pid?: number };
  api_key: string;
  token_secret: string;
}

export async function writeState(file: string, state: State): Promise<void> {
  const folder = file.includes("/") ? file.slice(0, file.lastIndexOf("/")) || "/" : ".";
  await Deno.mkdir(folder, { recursive: true });
  const next = `${file}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(next, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await Deno.rename(next, file);
}

/** `undefined` when there is no such file: nothing is running. */
export async function readState(file: string): Promise<State | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(file)) as State;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw new Error(`Cannot read the state file "${file}"`, { cause: error });
  }
}
