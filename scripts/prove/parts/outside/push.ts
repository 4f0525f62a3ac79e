/**
 * The push services are down, slow, and busy; some tokens are gone for good.
 *
 * @module
 */

import postgres from "postgres";
import type { Figures } from "../../part.ts";
import { waitUntil } from "../../../services/wait_until.ts";
import type { PlannedAnswer, RecordedPush } from "../../../services/push_recorder/record.ts";
import type { Outside } from "./scene.ts";

const ORIGINS = ["origin-0", "origin-1"];
const DOWN_MS = 10_000, SLOW_MS = 12_000, BUSY_MS = 8_000;
const LATENCY_MS = 10_000, RETRY_AFTER_S = 2;
/** The flood before it leaves many jobs, of users who are not pushed to: those go first. */
const GONE_MS = 120_000;

/** A token that is gone may be tried by each origin before one of them is told. */
export const PUSH_LIMITS = { pushes_of_one_max: 3, pushes_to_the_gone_max: 3 };

export async function breakPush(scene: Outside): Promise<void> {
  const { stage, links, notes } = scene;
  const services = ORIGINS.flatMap((id) => [links.of(id, "fcm"), links.of(id, "apns")]);
  const begun = stage.now();
  await loseTokens(scene);
  await Promise.all(services.map((service) => service.refuse()));
  for (const service of services) service.cut();
  await stage.pause(DOWN_MS);
  for (const service of services) service.resume();

  for (const service of services) service.slow({ latencyMs: LATENCY_MS }, "toClient");
  await stage.pause(SLOW_MS);
  for (const service of services) service.resume();

  const busy = { status: 429, reason: "QUOTA_EXCEEDED", times: 1, retryAfterS: RETRY_AFTER_S };
  await Promise.all(
    tokensOf(scene).map((token) => plan(scene, { platform: "fcm", token, ...busy })),
  );
  await stage.pause(BUSY_MS);
  notes.span("push_broken", { from: begun, to: stage.now() });
}

/** Everybody who is pushed to all the time has another phone, of which the app was removed; until nobody pushes there. */
async function loseTokens(scene: Outside): Promise<void> {
  const { stage: { system }, pushedTo } = scene;
  const sql = postgres(system.state.postgres.url, { max: 1, onnotice: () => {} });
  try {
    for (const user of pushedTo) {
      const token = goneTokenOf(user);
      await plan(scene, { platform: "apns", token, status: 410, reason: "Unregistered" });
      await sql`
        insert into push_targets (platform, token, user_id, device)
        values ('apns', ${token}, ${user}, 'tablet')`;
    }
    const left = () => sql`select token from push_targets where platform = 'apns'`;
    await waitUntil(async () => (await left()).length === 0 || undefined, {
      what: "tokens that are gone to be forgotten",
      withinMs: GONE_MS,
      everyMs: 100,
    });
  } finally {
    await sql.end();
  }
}

/** How often one message was accepted for one token, and a token that is gone was tried. */
export async function countPushes({ stage: { system }, pushedTo }: Outside): Promise<Figures> {
  const response = await fetch(`${system.state.push.recorder}/pushes`);
  const pushes: RecordedPush[] = await response.json();
  const gone = new Set(pushedTo.map(goneTokenOf));
  const accepted = pushes.filter(({ status }) => status === 200);
  return {
    pushes_of_one_max: most(accepted.map(({ token, gsid }) => `${token} ${gsid}`)),
    pushes_to_the_gone_max: most(pushes.flatMap(({ token }) => gone.has(token) ? token : [])),
    pushes_refused: pushes.length - accepted.length,
  };
}

function most(names: readonly string[]): number {
  const groups = Map.groupBy(names, (name) => name).values();
  return Math.max(0, ...[...groups].map(({ length }) => length));
}

function tokensOf({ stage: { population }, pushedTo }: Outside): string[] {
  return [...population.users, ...pushedTo].map((user) => `token-of-${user}`);
}

function goneTokenOf(user: string): string {
  return `gone-of-${user}`;
}

async function plan({ stage: { system } }: Outside, answer: PlannedAnswer): Promise<void> {
  const response = await fetch(`${system.state.push.recorder}/answers`, {
    method: "POST",
    body: JSON.stringify(answer),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`Cannot plan an answer: ${response.status}`);
}
