/**
 * Which of the waiting commands go into the next transaction.
 *
 * Invariants: commands keep their order of arrival; a batch never names one key twice; a command
 * that stands alone (a change of membership) is overtaken by none and overtakes none, so that
 * within a batch membership does not change. Knows nothing of what a command does.
 *
 * @module
 */

export interface Queued {
  /** Of two commands of one key only the first can hold; without it, a command is a batch by itself. */
  key?: string;
}

export interface Taken<Command> {
  batch: Command[];
  rest: Command[];
}

export function takeBatch<Command extends Queued>(
  queue: readonly Command[],
  maxItems: number,
): Taken<Command> {
  const [head] = queue;
  if (!head) return { batch: [], rest: [] };
  if (head.key === undefined) return { batch: [head], rest: queue.slice(1) };
  const taken = new Map<string, Command>();
  const heldBack: Command[] = [];
  let next = 0;
  for (; next < queue.length; next++) {
    const command = queue[next]!;
    if (command.key === undefined) break;
    if (taken.has(command.key)) heldBack.push(command);
    else if (taken.size === maxItems) break;
    else taken.set(command.key, command);
  }
  return { batch: [...taken.values()], rest: [...heldBack, ...queue.slice(next)] };
}
