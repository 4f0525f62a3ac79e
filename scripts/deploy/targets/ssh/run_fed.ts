/**
 * A command that is fed a stream and asked for everything it says.
 *
 * Invariant: one that ends before it has read all that it is fed is no fault of the feeding.
 *
 * @module
 */

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** @throws {Deno.errors.NotFound} When there is no such command. */
export async function runFed(
  command: string,
  args: string[],
  stdin: ReadableStream<Uint8Array> | undefined,
): Promise<Ran> {
  const child = new Deno.Command(command, {
    args,
    stdin: stdin ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const ended = new AbortController();
  const fed = stdin?.pipeTo(child.stdin, { signal: ended.signal }).catch(() => {});
  const { code, stdout, stderr } = await child.output();
  // What ended early tells why by itself, and reads no more.
  ended.abort();
  await fed;
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}
