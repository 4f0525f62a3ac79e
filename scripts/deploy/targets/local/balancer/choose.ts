/**
 * Which replica a new connection goes to.
 *
 * Invariant: one that is not open gets none, and of the others one of those with the fewest. Pure.
 *
 * @module
 */

export interface Backend {
  readonly id: string;
  readonly port: number;
  /** It is ready, in service, and not told to drain. */
  readonly isOpen: boolean;
}

/**
 * `connections`: how many each has, by id; `tried`: what this connection found closed already;
 * `turn`: rises with each connection, so that those that have as few take turns.
 */
export function chooseBackend(
  backends: readonly Backend[],
  connections: ReadonlyMap<string, number>,
  tried: ReadonlySet<string>,
  turn: number,
): Backend | undefined {
  const open = backends.filter(({ id, isOpen }) => isOpen && !tried.has(id));
  const countOf = ({ id }: Backend) => connections.get(id) ?? 0;
  const least = Math.min(...open.map(countOf));
  const idle = open.filter((one) => countOf(one) === least);
  return idle[turn % idle.length];
}
