/**
 * What a program says of itself in its metrics.
 *
 * @module
 */

import type { State } from "../dev/state.ts";

/**
 * A metric with its labels, if it has any, as its program shows it now. `unseen` is what it counts
 * while it is not shown.
 */
export async function gauge(
  state: State,
  id: string,
  name: string,
  unseen?: number,
): Promise<number> {
  const program = [...state.edges, ...state.origins].find((one) => one.id === id);
  if (!program) throw new RangeError(`Cannot ask "${id}": this system has no such part`);
  const response = await fetch(`${program.internal}/metrics`);
  const lines = (await response.text()).split("\n");
  const found = lines.find((line) => line.startsWith(`${name} `));
  if (found) return Number(found.slice(name.length));
  if (unseen !== undefined) return unseen;
  throw new Error(`Cannot find ${name} among the metrics of ${id}`);
}
