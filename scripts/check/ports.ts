/**
 * Whether the ports that a program listens on are there for it.
 *
 * Invariant: a port that this very program listens on already is well: it runs. Each is held for no
 * longer than it takes to see that it can be had.
 *
 * @module
 */

import { listenAddress } from "shared/config/addresses.ts";
import type { InternalConfig } from "shared/config/ports.ts";
import { failure, type Finding, ok, warning } from "./finding.ts";

const SUBJECT = "ports";

export interface Place {
  hostname: string;
  port: number;
}

export async function checkPorts(
  program: "edge" | "origin",
  open: Place,
  internal: InternalConfig,
  signal: AbortSignal,
): Promise<Finding[]> {
  const named = [["PORT", open, "HOST"], ["INTERNAL_PORT", internal, "INTERNAL_HOST"]] as const;
  const troubles = named.flatMap(([setting, place, host]) => {
    const trouble = troubleWith(place);
    return trouble ? [{ setting, place, host, trouble }] : [];
  });
  const running = troubles.some(({ trouble }) => trouble === "taken")
    ? await programAt(internal, signal)
    : undefined;
  if (running === program && troubles.every(({ trouble }) => trouble === "taken")) {
    return [ok(SUBJECT, `the ${program} runs on them already`)];
  }
  if (troubles.length === 0) {
    return [ok(SUBJECT, `${listenAddress(open)} and ${listenAddress(internal)} are free`)];
  }
  return troubles.map(({ setting, place, host, trouble }) => {
    const at = listenAddress(place);
    if (trouble === "taken") {
      const mend = `Set ${setting} to a free port, or end what listens there (ss -ltnp)`;
      return failure(SUBJECT, `${at} is taken by ${running ?? "another program"}`, mend);
    }
    const mend = `Set ${host} to an address of this machine, and ${setting} to a port it may use`;
    return failure(SUBJECT, `Cannot listen on ${at}: ${trouble}`, mend);
  });
}

/** Whoever reaches an internal port without a key may drain, and so those must be few. */
export function checkInternal(
  program: "edge" | "origin",
  { hostname, port, adminKey }: InternalConfig,
): Finding[] {
  if (adminKey !== null || LOOPBACK.test(hostname)) return [];
  const says = `whoever reaches ${listenAddress({ hostname, port })} may drain the ${program}`;
  return [warning(SUBJECT, says, "Set ADMIN_KEY, or INTERNAL_HOST to 127.0.0.1")];
}

const LOOPBACK = /^(localhost|::1|127(\.\d{1,3}){3})$/;

/** `taken`, or why it cannot be listened on; `undefined` when it can. */
function troubleWith({ hostname, port }: Place): string | undefined {
  try {
    Deno.listen({ hostname, port }).close();
  } catch (error) {
    return error instanceof Deno.errors.AddrInUse ? "taken" : (error as Error).message;
  }
}

/** Which of our programs has its internal port here. */
async function programAt(
  { hostname, port }: InternalConfig,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const host = { "0.0.0.0": "127.0.0.1", "::": "[::1]" }[hostname] ?? hostname;
    const response = await fetch(`http://${listenAddress({ hostname: host, port })}/version`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(1_000)]),
    });
    const { program } = await response.json();
    return typeof program === "string" ? program : undefined;
  } catch {
    return undefined;
  }
}
