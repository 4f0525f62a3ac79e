/**
 * The secrets of one data folder.
 *
 * Invariant: drawn once per folder and kept, so that a token signed yesterday is good today and
 * no two folders share a key; one that an older release had not heard of is drawn when it is first
 * needed. Only their owner may read them.
 *
 * @module
 */

import { join } from "node:path";
import { readJsonFile, writeJsonFile } from "../services/json_file.ts";

const SECRET_BYTES = 32;

export interface Secrets {
  /** Signs the tokens of clients. */
  tokenSecret: string;
  /** Opens the server API. */
  apiKey: string;
  /** Opens the REST store of presence. */
  redisToken: string;
  /** Only reads there. */
  redisReadOnlyToken: string;
}

const NAMES = ["tokenSecret", "apiKey", "redisToken", "redisReadOnlyToken"] as const;

export async function loadSecrets(folder: string): Promise<Secrets> {
  const file = join(folder, "secrets.json");
  const kept = await readJsonFile<Partial<Secrets>>(file) ?? {};
  if (NAMES.every((name) => kept[name])) return kept as Secrets;
  const drawn = Object.fromEntries(NAMES.map((name) => [name, drawSecret()]));
  const secrets = { ...drawn, ...kept } as Secrets & Record<string, string>;
  await writeJsonFile(file, secrets);
  return secrets;
}

function drawSecret(): string {
  return crypto.getRandomValues(new Uint8Array(SECRET_BYTES)).toHex();
}
