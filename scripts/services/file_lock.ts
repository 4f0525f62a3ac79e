/**
 * A file that one process at a time holds.
 *
 * Invariant: the lock is the operating system's, so a process that was killed leaves none behind. The
 * file tells the pid of whoever holds it, or held it last.
 *
 * @module
 */

/** Given up when it is disposed of. */
export interface FileLock extends Disposable {
  readonly path: string;
}

/** `words`: what is said when another process has it, which is named by its pid. */
export async function lockFile(path: string, words: (holder: string) => string): Promise<FileLock> {
  const lock = await Deno.open(path, { create: true, read: true, write: true });
  if (await lock.tryLock(true)) {
    await lock.truncate();
    await lock.write(new TextEncoder().encode(String(Deno.pid)));
    // Closing gives the lock up.
    return { path, [Symbol.dispose]: () => lock.close() };
  }
  const holder = (await Deno.readTextFile(path)).trim();
  lock.close();
  throw new Error(words(holder || "unknown"));
}
