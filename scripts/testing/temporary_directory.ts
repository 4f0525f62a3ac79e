/**
 * Directories that are gone with the test that made them.
 *
 * @module
 */

export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
}

export async function temporaryDirectory(purpose: string): Promise<TemporaryDirectory> {
  const path = await Deno.makeTempDir({ prefix: `fanfare-${purpose}-` });
  // A server that root starts runs as another user, who must be able to pass.
  await Deno.chmod(path, 0o711);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
