/**
 * Files of JSON that nobody else may read.
 *
 * Invariant: a reader sees the file before or after, and never a part of it.
 *
 * @module
 */

import { dirname } from "node:path";

export async function writeJsonFile(path: string, value: unknown): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const next = `${path}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(next, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  await Deno.rename(next, path);
}

/** `undefined`: there is no such file. */
export async function readJsonFile<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(path)) as T;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw new Error(`Cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}
