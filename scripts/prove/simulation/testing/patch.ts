/**
 * Replacing methods for a while, to plant a bug. For tests alone.
 *
 * @module
 */

/** What undoes it. */
export type Undo = () => void;

/** Replaces a method for a while; `wrap` is given the one that was there. */
export function patch<Type extends object, Name extends keyof Type>(
  prototype: Type,
  name: Name,
  wrap: (original: Type[Name]) => Type[Name],
): Undo {
  const original = prototype[name];
  prototype[name] = wrap(original);
  return () => void (prototype[name] = original);
}

export function all(...undos: Undo[]): Undo {
  return () => undos.forEach((undo) => undo());
}
