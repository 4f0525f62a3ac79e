/**
 * A program that may open a hundred files, and more connections to it than that.
 *
 * @module
 */

import { waitUntil } from "../services/wait_until.ts";

const FILES = 100, CONNECTIONS = 150;
const hostname = "127.0.0.1";

/**
 * What a program says to an HTTP request once too many connections have come and gone.
 *
 * `main` is a path; the program prints the port that it serves at, and nothing else.
 *
 * @throws {Error} When it answers nobody any more.
 */
export async function answerAfterTooMany(main: string, ...words: string[]): Promise<string> {
  await using child = new Deno.Command("sh", {
    args: [
      "-c",
      `ulimit -n ${FILES}; exec "$0" "$@"`,
      Deno.execPath(),
      "run",
      "-A",
      main,
      ...words,
    ],
    stdout: "piped",
  }).spawn();
  const printed = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const port = Number((await printed.read()).value);
  const connect = () => Deno.connect({ hostname, port });
  const tried = await Promise.allSettled(Array.from({ length: CONNECTIONS }, connect));
  for (const one of tried) if (one.status === "fulfilled") one.value.close();
  const ask = async () => {
    const headers = { connection: "close" };
    const signal = AbortSignal.timeout(2_000);
    return await (await fetch(`http://${hostname}:${port}`, { headers, signal })).text();
  };
  const answer = await waitUntil(() => ask().catch(() => undefined), {
    ...{ what: "an answer", withinMs: 30_000, everyMs: 50 },
  });
  await printed.cancel();
  return answer;
}
