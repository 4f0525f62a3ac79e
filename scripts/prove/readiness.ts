/**
 * Whether a part of a running system does its work: asked of itself, from outside.
 *
 * Invariant: "ready" is what an operator's balancer or client would find, and nothing of ours is
 * asked for it that a kill could have spared.
 *
 * @module
 */

import { connect } from "node:net";
import { once } from "node:events";
import postgres from "postgres";
import type { State } from "../dev/state.ts";

/** The parts that a system has one of; edges and origins are named by their ids. */
export const SERVICES = ["postgres", "nats", "redis"] as const;

export async function isReady(state: State, id: string): Promise<boolean> {
  try {
    return await ask(state, id);
  } catch {
    return false;
  }
}

async function ask(state: State, id: string): Promise<boolean> {
  switch (id) {
    case "postgres":
      return await canQuery(state.postgres.url);
    case "nats":
      return await speaksFirst(new URL(state.nats.url));
    case "redis":
      return await answers(state.redis.url, {
        method: "POST",
        headers: { Authorization: `Bearer ${state.redis.token}` },
        body: JSON.stringify(["GET", "ready"]),
      });
  }
  const program = [...state.edges, ...state.origins].find((one) => one.id === id);
  if (!program) throw new RangeError(`Cannot ask "${id}": this system has no such part`);
  return await answers(`${program.internal}/ready`, {});
}

async function canQuery(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, connect_timeout: 1, onnotice: () => {} });
  try {
    await sql`select 1`;
    return true;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** A NATS server greets whoever connects. */
async function speaksFirst({ hostname, port }: URL): Promise<boolean> {
  const socket = connect(Number(port), hostname);
  try {
    const [greeting] = await once(socket, "data", { signal: AbortSignal.timeout(1_000) });
    return String(greeting).startsWith("INFO ");
  } finally {
    socket.destroy();
  }
}

async function answers(url: string, request: RequestInit): Promise<boolean> {
  const response = await fetch(url, { ...request, signal: AbortSignal.timeout(1_000) });
  await response.body?.cancel();
  return response.ok;
}
