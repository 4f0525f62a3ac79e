/**
 * Two origins of which one publishes and pushes nothing of what it commits, and a way to choose
 * which of them does something.
 *
 * Invariant: what the mute one commits comes by the auditors alone. Edges choose at random.
 *
 * @module
 */

import type { SystemOptions } from "../../../dev/system.ts";
import type { Target } from "../../load/app.ts";
import { type Cast, named } from "./cast.ts";

export const ONE_MUTE = {
  origins: 2,
  programEnv: { "origin-1": { FAST_PATHS: "none" } },
  edgeEnv: { SEND_RATE_PER_S: "0" },
} satisfies SystemOptions;

export interface Origin {
  /** Sends as that user. */
  say(user: string, target: Target): Promise<void>;
  /** Changes a group as that user. */
  change(user: string, method: string, group: string, members: string[]): Promise<void>;
}

export function loudAndMute(cast: Cast): { loud: Origin; mute: Origin } {
  return { loud: originOf(cast, 0), mute: originOf(cast, 1) };
}

function originOf({ system }: Cast, number: number): Origin {
  const ask = async (method: string, data: unknown) => {
    const { origins, api_key } = system.state;
    const response = await fetch(`${origins[number]!.api}/api/${method}`, {
      method: "POST",
      headers: { "X-API-Key": api_key, "Content-Type": "application/json" },
      body: JSON.stringify(data),
    });
    const { error } = await response.json();
    if (error) throw new Error(`Cannot call ${method}: ${error.code} ${error.message}`);
  };
  return {
    say(user, target) {
      const id = crypto.randomUUID();
      return ask("send", { user, to: named(target), id, body: { text: id } });
    },
    change: (user, method, group, members) => ask(method, { user, group, members }),
  };
}
