/**
 * One deployment at a time, where a target keeps everything in a folder of this machine.
 *
 * Invariant: who was killed keeps nobody out. Whoever holds it may remove what others have left.
 *
 * @module
 */

import { join } from "node:path";
import { lockFile } from "../../services/file_lock.ts";

/**
 * `where`: in words.
 *
 * @throws {Error} When another deployment is under way, with the pid of who does it.
 */
export async function lockFolder(folder: string, where: string): Promise<AsyncDisposable> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const lock = await lockFile(
    join(folder, "deploy.lock"),
    (pid) => `Cannot deploy to ${where}: another deployment is under way (pid ${pid})`,
  );
  return { [Symbol.asyncDispose]: () => Promise.resolve(lock[Symbol.dispose]()) };
}
