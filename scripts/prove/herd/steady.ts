/**
 * Those whom a rush must not hurt: a process of pairs who write to each other, and tell how long
 * each answer took.
 *
 * @module
 */

import { signToken } from "testing/token.ts";
import { type LoadSocket, openSocket } from "../../bench/websocket.ts";
import { pause } from "../../services/wait_until.ts";
import type { SteadyEnd, SteadyOrder, SteadySample } from "./orders.ts";

const TOKEN_TTL_S = 3_600;
const OWED_MS = 15_000;

const order: SteadyOrder = JSON.parse(Deno.args[0]!);
const tell = (line: SteadySample | SteadyEnd) => console.log(JSON.stringify(line));

interface Reply {
  id: number;
  error?: { code: number; message: string };
  rpc?: { data: { gsid: number } };
}

interface Writer {
  user: string;
  partner: string;
  socket: LoadSocket;
  replies: Map<number, (reply: Reply) => void>;
  /** How often each message came, by its number. */
  heard: Map<number, number>;
}

let commands = 0, sent = 0, stopped = false;
/** By its number: to whom it went, for those that were answered. */
const acked = new Map<number, Writer>();

async function connect(user: string, partner: string): Promise<Writer> {
  const writer: Writer = {
    user,
    partner,
    socket: await openSocket(order.edge, (text) => hear(writer, text)),
    replies: new Map(),
    heard: new Map(),
  };
  const token = await signToken(user, order.tokenSecret, TOKEN_TTL_S);
  await ask(writer, { connect: { token, data: { device: "desk" } } });
  return writer;
}

function ask(writer: Writer, command: Record<string, unknown>): Promise<Reply> {
  const id = ++commands;
  writer.socket.send(JSON.stringify({ ...command, id }));
  return new Promise((resolve) => writer.replies.set(id, resolve));
}

function hear(writer: Writer, text: string): void {
  for (const line of text.split("\n")) {
    if (line === "{}") writer.socket.send("{}");
    else if (line.startsWith(`{"push"`)) {
      const number = /"id":"n(\d+)"/.exec(line)?.[1];
      if (number === undefined) continue;
      writer.heard.set(+number, (writer.heard.get(+number) ?? 0) + 1);
    } else {
      const reply: Reply = JSON.parse(line);
      writer.replies.get(reply.id)?.(reply);
      writer.replies.delete(reply.id);
    }
  }
}

async function write(from: Writer, to: Writer): Promise<void> {
  const number = sent++;
  const startedMs = performance.now();
  const data = { to: { user: to.user }, id: `n${number}`, body: { text: "steady" } };
  const { error } = await ask(from, { rpc: { method: "send", data } });
  if (error) return tell({ atMs: Date.now(), error: `${error.code} ${error.message}` });
  acked.set(number, to);
  tell({ atMs: Date.now(), ackMs: performance.now() - startedMs });
}

const pairs = await Promise.all(Array.from({ length: order.pairs }, async (_, i) => {
  const names = [`${order.run}-${i}-a`, `${order.run}-${i}-b`] as const;
  return [await connect(...names), await connect(names[1], names[0])] as const;
}));

const writing = new Set<Promise<void>>();
const goOn = async () => {
  while (!stopped) {
    const pair = pairs[Math.floor(Math.random() * pairs.length)]!;
    const [from, to] = Math.random() < 0.5 ? pair : [pair[1], pair[0]];
    const one = write(from, to).finally(() => writing.delete(one));
    writing.add(one);
    // At random times, so many a second on average.
    await pause(-Math.log(1 - Math.random()) * 1_000 / order.sendsPerS);
  }
};
const running = goOn();
for await (const _ of Deno.stdin.readable) break;
stopped = true;
await running;
await Promise.race([Promise.all(writing), pause(OWED_MS)]);
const times = () => [...acked].map(([number, to]) => to.heard.get(number) ?? 0);
const untilMs = performance.now() + OWED_MS;
while (times().includes(0) && performance.now() < untilMs) await pause(100);
tell({
  sent,
  acked: acked.size,
  missing: times().filter((count) => count === 0).length,
  doubled: times().filter((count) => count > 1).length,
});
Deno.exit(0);
