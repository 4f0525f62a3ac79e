/**
 * `send FROM TO TEXT`: a message through the server API.
 *
 * @module
 */

import { Command } from "commander";
import { callApi } from "./api.ts";
import { UsedWrongly } from "./run.ts";
import {
  type JsonOption,
  runningSystem,
  type SystemOption,
  type Terminal,
  withJson,
  withSystem,
} from "./terminal.ts";

type SendOptions = SystemOption & JsonOption & { group?: string; id?: string };

interface Sent {
  gsid: number;
  conversation: string;
  duplicate?: true;
}

export function sendCommand(terminal: Terminal): Command {
  const command = new Command("send")
    .description("Sends a message as a user: send ana bob hello, or send ana --group g hello.")
    .argument("<from>", "the sender")
    .argument("<to-and-text...>", "the recipient, unless --group is given, and the text")
    .option("--group <group>", "send to this group")
    .option("--id <id>", "the message's id; the same id again is the same message");
  return withJson(withSystem(command)).action(
    async (from: string, words: string[], options: SendOptions) => {
      const { to, text } = addressOf(words, options.group);
      const state = await runningSystem(options);
      const id = options.id ?? crypto.randomUUID();
      const sent = await callApi<Sent>(state, "send", { user: from, to, id, body: { text } });
      terminal.print(options.json ? JSON.stringify(sent) : describe(sent));
    },
  );
}

function addressOf(words: string[], group: string | undefined) {
  const [user, ...rest] = words;
  const text = (group === undefined ? rest : words).join(" ");
  if (text === "") throw new UsedWrongly("say what to send: send FROM TO TEXT");
  return { to: group === undefined ? { user } : { group }, text };
}

function describe({ gsid, conversation, duplicate }: Sent): string {
  return `${gsid} in ${conversation}${duplicate ? " (sent before)" : ""}`;
}
