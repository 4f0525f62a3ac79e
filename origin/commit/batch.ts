/**
 * Which of the waiting commands go into the next transaction.
 *
 * Invariants: commands keep their order of arrival; a batch never names one key twice; a command
 * that stands alone (a change of membership) is overtaken by none and overtakes none, so that
 * within a batch membership does not change. Knows nothing of what a command does.
 *
 * @module
 */

export interface Waiting {
  /** Commands of one key are one command; without it, a command is a batch of its own. */
  key?: string;
  /** What the key stands for: of two different ones only the first can hold. */
  digest?: string;
}

/** The commands of one key: the first is carried out, the others share its fate. */
export interface Repeated<Command> {
  first: Command;
  repeats: Command[];
}

export interface Taken<Command> {
  batch: Repeated<Command>[];
  rest: Command[];
}

export function takeBatch<Command extends Waiting>(
  queue: readonly Command[],
  maxItems: number,
): Taken<Command> {
  const [head] = queue;
  if (!head) return { batch: [], rest: [] };
  if (head.key === undefined) {
    return { batch: [{ first: head, repeats: [] }], rest: queue.slice(1) };
  }
  const taken = new Map<string, Repeated<Command>>();
  const heldBack: Command[] = [];
  let next = 0;
  for (; next < queue.length; next++) {
    const command = queue[next]!;
    if (command.key === undefined) break;
    const same = taken.get(command.key);
    if (!same) {
      if (taken.size === maxItems) break;
      taken.set(command.key, { first: command, repeats: [] });
    } else if (same.first.digest === command.digest) same.repeats.push(command);
    else heldBack.push(command);
  }
  return { batch: [...taken.values()], rest: [...heldBack, ...queue.slice(next)] };
}
