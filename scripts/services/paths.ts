/**
 * What there is at a path.
 *
 * Invariant: that there is nothing is an answer; every other fault is thrown. Follows symlinks.
 *
 * @module
 */

export function isFile(path: string): boolean {
  return kindOf(path)?.isFile ?? false;
}

export function isDirectory(path: string): boolean {
  return kindOf(path)?.isDirectory ?? false;
}

export function isThere(path: string): boolean {
  return kindOf(path) !== undefined;
}

function kindOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
