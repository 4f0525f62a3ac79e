/**
 * The crowd: a process of thousands of connections. It tells ten times a second how many of them
 * stand, and at the end whether they missed anything.
 *
 * @module
 */

import { signToken } from "testing/token.ts";
import { pause } from "../../services/wait_until.ts";
import { Member } from "./member.ts";
import type { CrowdEnd, CrowdEnding, CrowdOrder, CrowdState, CrowdTotals } from "./orders.ts";

const TELL_MS = 100;
const TOKEN_TTL_S = 3_600;
/** How long what is owed may take: more than two digests. */
const OWED_MS = 15_000;

const order: CrowdOrder = JSON.parse(Deno.args[0]!);
const totals: CrowdTotals = {
  connects: 0,
  notRecovered: 0,
  upgradesRefused: 0,
  unreachable: 0,
  connectsRefused: 0,
  timedOut: 0,
  final: 0,
};
let connected = 0, repeats = 0;

const tell = (line: CrowdState | CrowdEnd) => console.log(JSON.stringify(line));
const telling = setInterval(() => tell({ atMs: Date.now(), connected, totals }), TELL_MS);

const members = await Promise.all(Array.from({ length: order.size }, async (_, i) => {
  const { run, edges, tokenSecret } = order;
  const first = i % edges.length;
  return new Member({
    token: await signToken(`${run}-${i}`, tokenSecret, TOKEN_TTL_S),
    device: "phone",
    edges: [...edges.slice(first), ...edges.slice(0, first)],
    totals,
    onConnected: (now) => void (connected += now ? 1 : -1),
    onRepeat: () => void repeats++,
  });
}));
const startedMs = performance.now();
for (const [i, member] of members.entries()) {
  const dueMs = startedMs + i * 1_000 / order.pacePerS;
  await pause(Math.max(0, dueMs - performance.now()));
  void member.connect();
}

const { alerts } = await lastOrder();
const missing = () => members.reduce((sum, member) => sum + member.missing(alerts), 0);
const untilMs = performance.now() + OWED_MS;
while (missing() > 0 && performance.now() < untilMs) await pause(TELL_MS);
clearInterval(telling);
tell({ missing: missing(), repeats });
Deno.exit(0);

async function lastOrder(): Promise<CrowdEnding> {
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    return JSON.parse(text);
  }
  throw new Error("Cannot go on: whoever gave the order is gone");
}
