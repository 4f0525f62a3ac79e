/**
 * `trace GSID`: what became of one message, for each of its recipients.
 *
 * Invariant: whatever the number of recipients, they come in pages, and as many as were asked for;
 * that there are more is said.
 *
 * @module
 */

import { Command } from "commander";
import type { Fate } from "origin/lookups/fate.ts";
import { integerFrom } from "./arguments.ts";
import { callApi } from "./api.ts";
import {
  type JsonOption,
  runningSystem,
  type SystemOption,
  type Terminal,
  withJson,
  withSystem,
} from "./terminal.ts";

type TraceOptions = SystemOption & JsonOption & { count: number; after?: string };

/** As the server API tells it: `/api/openapi.json`. */
export interface Trace {
  gsid: number;
  type: string;
  conversation: string;
  at: string;
  sender: string | null;
  id: string | null;
  trace?: string;
  lateCheck: "done" | "waiting";
  walk?: "done" | "under way";
  recipients: Fate[];
  more: boolean;
}

export function traceCommand(terminal: Terminal): Command {
  const command = new Command("trace")
    .description("Says when a message was committed, and what became of it for each recipient.")
    .argument("<gsid>", "the message's gsid", integerFrom(1, Number.MAX_SAFE_INTEGER))
    .option("-n, --count <n>", "so many recipients at most", integerFrom(1, 500), 100)
    .option("--after <user>", "only recipients after this one, in the order of their ids");
  return withJson(withSystem(command)).action(async (gsid: number, options: TraceOptions) => {
    const { count: limit, after } = options;
    const question = { gsid, limit, ...(after !== undefined && { after }) };
    const trace = await callApi<Trace>(await runningSystem(options), "trace", question);
    if (options.json) return terminal.print(JSON.stringify(trace));
    for (const line of describeTrace(trace)) terminal.print(line);
    const last = trace.recipients.at(-1);
    if (trace.more && last) terminal.tell(`there are more: --after ${last.user}`);
  });
}

const RECEIVED = { yes: "received", "not yet": "not received yet", unknown: "received?" };

export function describeTrace(trace: Trace): string[] {
  const { gsid, type, conversation, at, sender, id, lateCheck, walk, trace: traceId } = trace;
  const from = sender === null ? "" : `  from ${sender}`;
  const checks = `late check ${lateCheck}${walk ? `, pages ${walk}` : ""}`;
  return [
    `${at}  ${gsid}  ${type} in ${conversation}${from}${id === null ? "" : ` as ${id}`}`,
    ...(traceId === undefined ? [] : [`trace ${traceId}`]),
    checks,
    ...trace.recipients.map(describeRecipient),
  ];
}

function describeRecipient({ user, presence, received, push }: Fate): string {
  const head = `${user}  ${presence}  ${RECEIVED[received]}  `;
  if (push.state === "none") return `${head}no push: ${push.why}`;
  const { state, attempts, due, ended, reason, targets } = push;
  const when = ended ? ` at ${ended}` : due ? `, due ${due}` : "";
  const tried = targets.map(({ device, platform, state, again }) =>
    `${device ?? "a token that is gone"}${platform ? ` (${platform})` : ""} ${state}${
      again ? `, again ${again}` : ""
    }`
  );
  const why = reason ? `: ${reason}` : "";
  const tries = `${attempts} ${attempts === 1 ? "try" : "tries"}`;
  return `${head}push ${state}${when} after ${tries}${why}${
    tried.map((one) => `; ${one}`).join("")
  }`;
}
