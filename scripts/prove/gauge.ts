/**
 * What a program says of itself in its metrics.
 *
 * @module
 */

import type { State } from "../dev/state.ts";

/** A metric without labels, as its program shows it now. */
export async function gauge(state: State, id: string, name: string): Promise<number> {
  const program = [...state.edges, ...state.origins].find((one) => one.id === id);
  if (!program) throw new RangeError(`Cannot ask "${id}": this system has no such part`);
  const response = await fetch(`${program.internal}/metrics`);
  const found = new RegExp(`^${name} (\\S+)$`, "m").exec(await response.text());
  if (!found) throw new Error(`Cannot find ${name} among the metrics of ${id}`);
  return Number(found[1]);
}
