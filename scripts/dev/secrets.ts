/**
 * The secrets of one data folder.
 *
 * Invariant: drawn once per folder and kept, so that a token signed yesterday is good today and
 * no two folders share a key. Only their owner may read them.
 *
 * @module
 */

import { join } from "node:path";

const SECRET_BYTES = 32;

export interface Secrets {
  /** Signs the tokens of clients. */
  tokenSecret: string;
  /** Opens the server API. */
  apiKey: string;
  /** Opens the REST store of presence. */
  redisToken: string;
}

export async function loadSecrets(folder: string): Promise<Secrets> {
  const file = join(folder, "secrets.json");
  try {
    return JSON.parse(await Deno.readTextFile(file)) as Secrets;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw new Error(`Cannot read the secrets in "${file}"`, { cause: error });
    }
  }
  const secrets: Secrets = {
    tokenSecret: drawSecret(),
    apiKey: drawSecret(),
    redisToken: drawSecret(),
  };
  await Deno.writeTextFile(file, JSON.stringify(secrets), { mode: 0o600, createNew: true });
  return secrets;
}

function drawSecret(): string {
  return crypto.getRandomValues(new Uint8Array(SECRET_BYTES)).toHex();
}
