/**
 * The file that keeps the scoreboard between runs.
 *
 * Invariant: whoever reads it finds a whole scoreboard, and of two that add at once neither loses
 * what the other added.
 *
 * @module
 */

import { dirname } from "node:path";
import { addRun, EMPTY, type Run, type Scoreboard } from "./scoreboard.ts";

/** `undefined`: there is none yet. */
export async function readScoreboard(file: string): Promise<Scoreboard | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new Error(`Cannot read the scoreboard in "${file}"`, { cause: error });
  }
}

export async function addToScoreboard(file: string, part: string, run: Run): Promise<Scoreboard> {
  await Deno.mkdir(dirname(file), { recursive: true });
  using lock = await Deno.open(`${file}.lock`, { create: true, write: true });
  await lock.lock(true);
  const board = addRun(await readScoreboard(file) ?? EMPTY, part, run);
  const partial = `${file}.partial`;
  await Deno.writeTextFile(partial, JSON.stringify(board, null, 2));
  await Deno.rename(partial, file);
  return board;
}
