import assert from "node:assert/strict";
import { join } from "node:path";
import { answerAfterTooMany } from "testing/few_files.ts";
import { serveHttp } from "./serve.ts";

const ANYWHERE = { hostname: "127.0.0.1", port: 0, onError() {} };

Deno.test("what a handler throws is told, and answered with 500", async () => {
  const errors: unknown[] = [];
  await using server = serveHttp(() => {
    throw new Error("broken");
  }, { ...ANYWHERE, onError: (error) => errors.push(error) });
  const response = await fetch(server.url);
  await response.body?.cancel();
  assert.equal(response.status, 500);
  assert.match(String(errors), /broken/);
});

Deno.test("a port that is taken is an error that names it", async () => {
  await using server = serveHttp(() => new Response(), ANYWHERE);
  const again = () => serveHttp(() => new Response(), { ...ANYWHERE, port: server.port });
  assert.throws(again, new RegExp(`^Error: Cannot listen on 127.0.0.1:${server.port}: `));
});

Deno.test("a server that ran out of files serves again once there are some", async () => {
  const main = join(import.meta.dirname!, "testing/few_files.ts");
  assert.equal(await answerAfterTooMany(main), "here");
});

Deno.test("a server that ran out of files is not closed before it has given every answer", async () => {
  const main = join(import.meta.dirname!, "testing/out_of_files.ts");
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", 'ulimit -n 100; exec "$0" run -A "$1"', Deno.execPath(), main],
  }).output();
  const said = new TextDecoder().decode(stdout).trimEnd().split("\n");
  assert.deepEqual(said, ["takes nobody", "takes connections", "answered", "closed"]);
});
