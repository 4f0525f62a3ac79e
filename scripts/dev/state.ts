/**
 * The state file: where everything of a running system is found, and its secrets.
 *
 * Invariant: the file is replaced as a whole and never readable by others, so that a reader sees
 * a complete system or none. Tests, the command line and the bench find all they need in it. Knows nothing of how the parts are started.
 *
 * @module
 */

import { readJsonFile, writeJsonFile } from "../services/json_file.ts";

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

export interface NatsUserState {
  nkey_seed: string;
  inbox_prefix: string;
}

export interface PostgresState {
  /** As whoever may do most there, to look at what is stored. */
  url: string;
  /** As the role that migrates; missing when nobody said which. */
  owner_url?: string;
  /** As the role of the origins. */
  origin_url: string;
  pid?: number;
}

/** A part without a `pid` was there before: its address came from the environment. */
export interface State {
  /** The process that supervises the others. */
  pid: number;
  edges: EdgeState[];
  origins: OriginState[];
  postgres: PostgresState;
  /** Whoever may use it: each program by its id, and the operator. */
  nats: { url: string; users: Record<string, NatsUserState>; pid?: number };
  /** The second token is that of origins, which only read. */
  redis: { url: string; token: string; read_only_token: string; pid?: number };
  push: { recorder: string; pid?: number };
  api_key: string;
  token_secret: string;
}

export async function writeState(file: string, state: State): Promise<void> {
  await writeJsonFile(file, state);
}

/** `undefined` when there is no such file: nothing is running. */
export async function readState(file: string): Promise<State | undefined> {
  try {
    return await readJsonFile<State>(file);
  } catch (cause) {
    throw new Error(`Cannot read the state file "${file}"`, { cause });
  }
}
