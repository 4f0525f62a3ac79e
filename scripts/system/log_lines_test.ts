/**
 * What is logged is read by machines: a line that is not JSON is lost to them, whoever wrote it. Deno
 * writes one of its own where `Request.signal` was touched, as Hono does to bound a body without a
 * length; `unstable` in `deno.json` takes the behaviour that the line is about.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { startSystem } from "../dev/system.ts";

Deno.test("every line of an edge and an origin is JSON, whatever was asked of their ports", async () => {
  const adminKey = `admin-${"k".repeat(32)}`;
  await using system = await startSystem({ edges: 1, env: { ADMIN_KEY: adminKey } });
  const { edges: [edge], origins: [origin], api_key } = system.state;
  const json = { "Content-Type": "application/json" };
  const headers = { ...json, "X-API-Key": api_key, "X-Admin-Key": adminKey };
  const asked = [
    ...[`${origin!.api}/api/send`, `${origin!.api}/api/nothing`],
    ...[`${origin!.internal}/operator/key`, `${origin!.internal}/operator/act/nothing`],
    ...[`${edge!.url}/`, `${edge!.internal}/live`],
  ];
  for (const url of asked) {
    const whole = await post(url, headers, "{}");
    assert.equal(await post(url, headers, inChunks("{}")), whole, url);
  }
  for (const { id } of [edge!, origin!]) {
    assert.equal((await system.terminate(id)).code, 0, id);
    const lines = (await Deno.readTextFile(join(system.logs, `${id}.log`))).trimEnd().split("\n");
    assert.ok(lines.length > 1, id);
    assert.deepEqual(lines.filter((line) => !isObject(line)), [], id);
  }
});

async function post(url: string, headers: HeadersInit, body: BodyInit): Promise<number> {
  const response = await fetch(url, { method: "POST", headers, body });
  await response.body?.cancel();
  return response.status;
}

/** Whose length nobody is told before it ends. */
function inChunks(text: string): ReadableStream<Uint8Array> {
  return ReadableStream.from([...text]).pipeThrough(new TextEncoderStream());
}

function isObject(line: string): boolean {
  try {
    return typeof JSON.parse(line) === "object";
  } catch {
    return false;
  }
}
