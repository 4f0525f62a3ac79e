/**
 * The stream of topics as the release wants it: what differs, and whether that may be changed.
 *
 * Invariant: nothing is changed by which messages would be dropped that the stream holds now.
 *
 * @module
 */

import type { StreamConfig, StreamInfo } from "@nats-io/jetstream";
import { jetstreamManager } from "@nats-io/jetstream";
import type { OriginConfig } from "origin/config.ts";
import {
  chatStreamConfig,
  ensureStream,
  hasStream,
  streamDifferences,
  type StreamOptions,
} from "shared/bus/jetstream.ts";
import { reachNats } from "shared/bus/nats_connect.ts";
import { CHAT_STREAM } from "shared/topic.ts";

/** What would change, and what of it the stream's messages would not survive. */
export interface StreamPlan {
  changes: string[];
  refused: string[];
}

const REACH_MS = 5_000;
/** What no update of a stream changes. */
const FIXED = ["storage", "retention"];

export async function planStream(origin: OriginConfig): Promise<StreamPlan> {
  return await withNats(origin, async (connection) => {
    if (!await hasStream({ connection })) {
      return { changes: [`makes ${CHAT_STREAM.name}`], refused: [] };
    }
    const { streams } = await jetstreamManager(connection, { checkAPI: false });
    return judgeStream(await streams.info(CHAT_STREAM.name), origin.stream);
  });
}

/** @throws {Error} When the change is refused, here or by the server. */
export async function alignStream(origin: OriginConfig): Promise<string> {
  const { changes, refused } = await planStream(origin);
  if (refused.length > 0) throw new Error(refused.join("\n"));
  if (changes.length === 0) return "as it should be";
  await withNats(origin, (connection) => ensureStream({ connection }, origin.stream));
  return changes.join(", ");
}

/** Pure. */
export function judgeStream(
  { config, state }: Pick<StreamInfo, "config"> & { state: { bytes: number; messages: number } },
  options: StreamOptions,
): StreamPlan {
  const wanted = chatStreamConfig(options);
  const differences = streamDifferences(config, options) as (keyof typeof wanted)[];
  const changes = differences.map((name) =>
    `${name}: ${shown(config[name as keyof StreamConfig])} → ${shown(wanted[name])}`
  );
  const refused = differences.flatMap((name) => {
    const why = whyNot(name);
    return why === undefined ? [] : [`Cannot change ${name} of ${CHAT_STREAM.name}: ${why}`];
  });
  return { changes, refused };

  function whyNot(name: keyof typeof wanted): string | undefined {
    const again = `nats stream rm ${CHAT_STREAM.name} lets it be made anew, when you choose to`;
    if (FIXED.includes(name)) return `the server does not; ${again}`;
    if (state.messages === 0) return;
    if (name === "subjects" && !config.subjects.every((one) => isIn(wanted.subjects, one))) {
      return `its messages under other subjects would be dropped; ${again}`;
    }
    if (name === "max_bytes" && wanted.max_bytes < state.bytes) {
      return `it holds ${state.bytes} bytes, and the oldest would be dropped: ` +
        `set STREAM_MAX_BYTES to as many at least`;
    }
    if (name === "max_age" && (config.max_age === 0 || wanted.max_age < config.max_age)) {
      return `messages that are older would be dropped; ${again}`;
    }
  }
}

function isIn(list: readonly string[], one: string): boolean {
  return list.includes(one);
}

function shown(value: unknown): string {
  return Array.isArray(value) ? value.join(" ") : String(value);
}

async function withNats<Result>(
  { nats }: OriginConfig,
  run: (connection: Awaited<ReturnType<typeof reachNats>>) => Promise<Result>,
): Promise<Result> {
  const connection = await reachNats({
    ...nats,
    name: "fanfare deploy",
    signal: AbortSignal.timeout(REACH_MS),
    // Whoever waits for an answer is told by its error.
    onError: () => {},
  });
  try {
    return await run(connection);
  } finally {
    await connection.close();
  }
}
