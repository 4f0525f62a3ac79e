/**
 * `tail USER`: what a user's device receives, one line an event, by the official SDK.
 *
 * @module
 */

import { Command } from "commander";
import { Device, type ReceivedEvent } from "testing/client.ts";
import type { Reached } from "./reached.ts";
import { integerFrom } from "./arguments.ts";
import { CommandFailed, UsedWrongly } from "./run.ts";
import {
  type JsonOption,
  runningSystem,
  type SystemOption,
  type Terminal,
  withJson,
  withSystem,
} from "./terminal.ts";

type TailOptions = SystemOption & JsonOption & { since?: number; count?: number; device?: string };

const CONNECT_MS = 10_000;

export function tailCommand(terminal: Terminal): Command {
  const command = new Command("tail")
    .description("Connects as a user and prints what arrives, until Ctrl-C.")
    .argument("<user>", "whose inbox")
    .option("--since <gsid>", "first what came after this event", integerFrom(0, 2 ** 53 - 1))
    .option("--device <device>", "the device to be; another one of that name is closed")
    .option("-n, --count <n>", "end after so many events", integerFrom(1, 1_000_000_000));
  return withJson(withSystem(command)).action(async (user: string, options: TailOptions) => {
    const state = await runningSystem(options);
    if (state.edges.length === 0) throw new UsedWrongly("name the edges too: --env edge=FILE");
    await tail(user, state, options, terminal);
  });
}

async function tail(
  user: string,
  state: Reached,
  { since, count = Infinity, device, json }: TailOptions,
  { print, tell, interrupted }: Terminal,
): Promise<void> {
  const connection = {
    edges: state.edges.map(({ ws }) => ws),
    tokenSecret: state.token_secret,
    ...(device !== undefined && { device }),
  };
  const epoch = since === undefined ? undefined : await currentEpoch(user, connection);
  const ended = Promise.withResolvers<void>();
  let left = count, connected = false;
  await using client = new Device(user, {
    ...connection,
    ...(epoch !== undefined && { since: { gsid: since!, epoch } }),
    observer: {
      publication: ({ event, offset }) => {
        if (event.type === "cursor" || left <= 0) return;
        print(json ? JSON.stringify({ ...event, offset }) : describe(event));
        if (--left <= 0) ended.resolve();
      },
      subscribed: ({ edge, recovered, wasRecovering }) => {
        connected = true;
        tell(`connected as ${user} to ${edge}`);
        if (wasRecovering && !recovered) {
          tell("the events since then are not kept any more: only new ones follow");
        }
      },
      // The attempts that fail until there is an edge again say nothing new.
      closed: ({ reason }) => {
        if (connected && left > 0) tell(`the connection ended (${reason}): connecting again`);
        connected = false;
      },
    },
  });
  client.centrifuge.on("disconnected", ({ code, reason }) => {
    ended.reject(new CommandFailed(`the edge closed the connection: ${code} ${reason}`));
  });
  await client.connect(CONNECT_MS);
  await Promise.race([ended.promise, interrupted]);
  connected = false;
  client.centrifuge.removeAllListeners("disconnected");
}

/** A position means something only in an epoch; whoever types a gsid means the present one. */
async function currentEpoch(
  user: string,
  connection: { edges: string[]; tokenSecret: string },
): Promise<string> {
  await using client = new Device(user, connection);
  await client.connect(CONNECT_MS);
  return client.position.epoch;
}

function describe(event: ReceivedEvent): string {
  const head = `${event.at ?? new Date().toISOString()}  ${event.gsid ?? "-"}`;
  return `${head}  ${event.conversation ?? ""}  ${wordsOf(event)}`;
}

function wordsOf(event: ReceivedEvent): string {
  const text = event.body?.text;
  const body = typeof text === "string" ? text : JSON.stringify(event.body ?? {});
  switch (event.type) {
    case "message":
      return `${event.from}: ${body}`;
    case "alert":
      return `alert: ${body}`;
    case "group.created":
    case "group.joined":
    case "group.left":
      return `${event.type} by ${event.by}: ${event.members?.join(", ")}`;
    default:
      return event.type;
  }
}
