/**
 * The store of presence is slow, wrong in every way, and down: everything is delivered all the same,
 * and nobody who sends has to wait for it.
 *
 * @module
 */

import type { HttpAnswer } from "../../../faults/http_proxy.ts";
import type { Outside } from "./scene.ts";

const PROGRAMS = ["edge-0", "edge-1", "origin-0", "origin-1"];
const LATENCY_MS = 5_000;
const SLOW_MS = 8_000, DOWN_MS = 6_000, WRONG_MS = 3_000, BETWEEN_MS = 2_000;

const WRONG: readonly HttpAnswer[] = [
  { status: 500, body: '{"error":"ERR internal"}' },
  { status: 429, body: '{"error":"ERR max daily request limit exceeded"}' },
  { status: 200, body: "<html>Just a moment</html>", type: "text/html" },
  // A type that nothing asked for, for one command as for several.
  { status: 200, body: '[{"result":7},{"result":{"a":[]}},{"result":"OK"}]' },
  { status: 200, body: '{"result":true}' },
  { status: 200, body: '[{"result":["edge-0-1' },
];

export async function breakRedis({ stage, links, store, notes }: Outside): Promise<void> {
  const all = PROGRAMS.map((id) => links.of(id, "redis"));
  const begun = stage.now();
  for (const link of all) link.slow({ latencyMs: LATENCY_MS }, "toClient");
  await stage.pause(SLOW_MS);
  for (const link of all) link.resume();
  await stage.pause(BETWEEN_MS);

  for (const answer of WRONG) {
    store.instead = answer;
    await stage.pause(WRONG_MS);
  }
  store.instead = undefined;
  await stage.pause(BETWEEN_MS);

  await Promise.all(all.map((link) => link.refuse()));
  for (const link of all) link.cut();
  await stage.pause(DOWN_MS);
  for (const link of all) link.resume();
  notes.span("redis_broken", { from: begun, to: stage.now() });
  if (store.answered === 0) throw new Error("Cannot break Redis: nobody asked it anything");
  notes.count("redis_wrong_answers", store.answered);
}
