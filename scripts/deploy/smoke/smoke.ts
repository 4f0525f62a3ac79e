/**
 * The smoke test: what is tried through one edge, and what when all of them are new.
 *
 * Invariant: every edge is tried by itself, and each to the next, so that what one takes another hands
 * out. Says which edge is at fault.
 *
 * @module
 */

import type { EdgeAddress } from "../target.ts";
import { push, type PushTalk } from "./push.ts";
import { talk } from "./talk.ts";
import type { SmokeUsers } from "./users.ts";

/** Both users at one edge. */
export async function smokeEdge(edge: EdgeAddress, users: SmokeUsers): Promise<void> {
  await named(edge, talk({ from: edge, to: edge, users }));
}

/** From each edge to the next, and then a push. */
export async function smokeAll(
  edges: readonly EdgeAddress[],
  users: SmokeUsers,
  pushes: Omit<PushTalk, "from" | "to" | "users"> | undefined,
): Promise<string> {
  if (edges.length === 0) throw new Error("Cannot test anything: no edge runs");
  for (const [i, from] of edges.entries()) {
    const to = edges[(i + 1) % edges.length]!;
    await named(to, talk({ from, to, users }));
  }
  const tried = `${edges.map(({ id }) => id).join(", ")}: live, resume, presence`;
  if (!pushes || pushes.platforms.length === 0) return tried;
  const [edge] = edges as [EdgeAddress];
  await named(edge, push({ ...pushes, from: edge, to: edge, users }));
  return `${tried}; push to ${pushes.platforms.join(" and ")}`;
}

async function named(edge: EdgeAddress, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (cause) {
    throw new Error(`The smoke test at ${edge.id} failed: ${(cause as Error).message}`, { cause });
  }
}
