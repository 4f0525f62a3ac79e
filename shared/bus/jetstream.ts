/**
 * The stream that remembers the last minutes of every topic: making it, and reading it again.
 *
 * Invariant: `ensureStream` may be called by any number of programs at once, and again at any
 * time. A stream that is lost loses no message: the database is the truth.
 *
 * @module
 */

import {
  DeliverPolicy,
  DiscardPolicy,
  jetstream,
  JetStreamApiError,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream";
import type { NatsBus } from "shared/bus/nats.ts";
import { CHAT_STREAM } from "shared/topic.ts";

export interface StreamOptions {
  /** Copies in a cluster: 3 in production, 1 on a single server. */
  replicas: number;
  maxBytes: number;
}

/** A replay to which nothing comes for so long has lost its stream. */
const REPLAY_IDLE_MS = 3_000;
const NANOS_PER_MS = 1_000_000;
const STREAM_NOT_FOUND = 10059;
const NAME_IN_USE = 10058;

/** The stream's configuration, as the server takes it. */
export function chatStreamConfig(options: StreamOptions) {
  return {
    name: CHAT_STREAM.name,
    subjects: [...CHAT_STREAM.subjects],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    max_age: CHAT_STREAM.maxAgeMs * NANOS_PER_MS,
    duplicate_window: CHAT_STREAM.duplicateWindowMs * NANOS_PER_MS,
    max_bytes: options.maxBytes,
    num_replicas: options.replicas,
  } as const satisfies Partial<StreamConfig>;
}

/** In which settings a stream is not what it should be. */
export function streamDifferences(existing: StreamConfig, options: StreamOptions): string[] {
  return Object.entries(chatStreamConfig(options)).filter(([key, value]) =>
    JSON.stringify(existing[key as keyof StreamConfig]) !== JSON.stringify(value)
  ).map(([key]) => key);
}

/** @throws {Error} When the server does not say. */
export async function hasStream(bus: Pick<NatsBus, "connection">): Promise<boolean> {
  const { streams } = await jetstreamManager(bus.connection, { checkAPI: false });
  return await streams.info(CHAT_STREAM.name).catch(unlessApiCode(STREAM_NOT_FOUND)) !== undefined;
}

/** Makes the stream, or changes it to what it should be; whether it was this call that made it. */
export async function ensureStream(
  bus: Pick<NatsBus, "connection">,
  options: StreamOptions,
): Promise<boolean> {
  const wanted = chatStreamConfig(options);
  try {
    const { streams } = await jetstreamManager(bus.connection);
    const existing = await streams.info(wanted.name).catch(unlessApiCode(STREAM_NOT_FOUND));
    if (!existing) {
      const added = await streams.add(wanted).catch(unlessApiCode(NAME_IN_USE));
      if (added) return true;
    }
    if (!existing || streamDifferences(existing.config, options).length > 0) {
      await streams.update(wanted.name, wanted);
    }
    return false;
  } catch (cause) {
    throw new Error(`Cannot ensure the stream ${wanted.name}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

export interface StreamSize {
  messages: number;
  bytes: number;
  /** Each of them is metadata that the server keeps for as long as it has a message. */
  subjects: number;
  /** What it may grow to: beyond, its oldest messages go before their time. */
  maxBytes: number;
}

const SIZE_TIMEOUT_MS = 1_000;

/** @throws {Error} When there is no stream, or nobody to tell. */
export async function streamSize(bus: Pick<NatsBus, "connection">): Promise<StreamSize> {
  const options = { checkAPI: false, timeout: SIZE_TIMEOUT_MS };
  const { streams } = await jetstreamManager(bus.connection, options);
  const { state, config } = await streams.info(CHAT_STREAM.name);
  return {
    messages: state.messages,
    bytes: state.bytes,
    subjects: state.num_subjects ?? 0,
    maxBytes: config.max_bytes,
  };
}

export interface StreamedMessage {
  subject: string;
  data: Uint8Array;
}

/**
 * Hands on what the stream has kept since `sinceMs` (ms since 1970), in order, up to what was last
 * when it was called; resolves to the number of messages.
 *
 * @throws {Error} When the stream cannot be read to its end, or on abort.
 */
export async function replayStream(
  bus: Pick<NatsBus, "connection">,
  sinceMs: number,
  handle: (message: StreamedMessage) => void,
  signal: AbortSignal,
  idleMs = REPLAY_IDLE_MS,
): Promise<number> {
  const consumer = await jetstream(bus.connection).consumers.get(CHAT_STREAM.name, {
    deliver_policy: DeliverPolicy.StartTime,
    opt_start_time: new Date(sinceMs).toISOString(),
  });
  let left = (await consumer.info()).num_pending;
  let count = 0;
  // With nothing in range no message would ever come, and end the loop.
  if (left === 0) return count;
  const messages = await consumer.consume({ max_messages: 1_000 });
  const stop = () => messages.stop();
  signal.addEventListener("abort", stop);
  let idle = setTimeout(stop, idleMs);
  try {
    if (signal.aborted) stop();
    for await (const message of messages) {
      clearTimeout(idle);
      idle = setTimeout(stop, idleMs);
      handle({ subject: message.subject, data: message.data });
      count++;
      left = Math.min(left - 1, message.info.pending);
      if (left <= 0) break;
    }
  } finally {
    clearTimeout(idle);
    signal.removeEventListener("abort", stop);
    await messages.close();
    await consumer.delete().catch(() => false); // It would lapse by itself.
  }
  signal.throwIfAborted();
  if (left > 0) throw new Error(`Cannot replay ${CHAT_STREAM.name}: it ended ${left} short`);
  return count;
}

function unlessApiCode(code: number): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof JetStreamApiError && error.code === code) return;
    throw error;
  };
}
