/**
 * JetStream: whether it is on, has room, and has the stream as it should be.
 *
 * Invariant: the stream of topics is only looked at. While there is none, a small one of another name
 * is made as large as it will be, and removed at once.
 *
 * @module
 */

import {
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StreamInfo,
} from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { chatStreamConfig, streamDifferences, type StreamOptions } from "shared/bus/jetstream.ts";
import { TRIAL_STREAM } from "shared/bus/permissions.ts";
import { CHAT_STREAM } from "shared/topic.ts";
import { judgeClock } from "./clock.ts";
import { failure, type Finding, ok, warning } from "./finding.ts";
import { type CheckDeps, wordsOf } from "./probe.ts";

const SUBJECT = "nats stream";
const TIMEOUT_MS = 2_000;
const STREAM_NOT_FOUND = 10059;
const NOT_ENABLED_FOR_ACCOUNT = 10039;
const TRIAL_SUBJECT = "fanfare-check.room";
/** What no update of a stream changes. */
const FIXED = ["storage", "retention"];

/** `wanted`: of an origin, which makes it. */
export async function checkStream(
  connection: NatsConnection,
  wanted: StreamOptions | undefined,
  { nowMs }: CheckDeps,
): Promise<Finding[]> {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: TIMEOUT_MS });
  const sentMs = nowMs();
  let info: StreamInfo | undefined;
  try {
    info = await infoOf(manager);
  } catch (error) {
    return [judgeTrouble(error, connection.info?.jetstream === true)];
  }
  const theirsMs = Date.parse(info?.ts ?? "");
  const clock = Number.isNaN(theirsMs)
    ? []
    : [judgeClock("nats", { theirsMs, sentMs, receivedMs: nowMs() })];
  if (info) return [judgeStream(info, wanted), ...clock];
  if (!wanted) return [ok(SUBJECT, "not there yet: the first origin makes it")];
  return [await tryToMake(manager, wanted)];
}

async function infoOf({ streams }: JetStreamManager): Promise<StreamInfo | undefined> {
  try {
    return await streams.info(CHAT_STREAM.name);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return;
    throw error;
  }
}

/** A server that has JetStream does not answer the accounts that have not. */
function judgeTrouble(error: unknown, serverHasIt: boolean): Finding {
  const isRefused = error instanceof JetStreamApiError && error.code === NOT_ENABLED_FOR_ACCOUNT;
  const isUnheard = /responders|not enabled|503/i.test(wordsOf(error));
  if (isRefused || (isUnheard && serverHasIt)) {
    const mend = "Enable JetStream for the account of this user: jetstream: enabled";
    return failure(SUBJECT, "JetStream is off for this account", mend);
  }
  if (isUnheard) {
    const mend = "Start nats-server with -js and a store, or with a jetstream block";
    return failure(SUBJECT, "JetStream is off", mend);
  }
  const mend = "Mend the permissions first, or see the log of nats-server";
  return failure(SUBJECT, `Cannot look at the stream: ${wordsOf(error)}`, mend);
}

function judgeStream({ config, state }: StreamInfo, wanted: StreamOptions | undefined): Finding {
  const says = `${state.messages} messages, of the last minutes`;
  if (!wanted) return ok(SUBJECT, says);
  const differences = streamDifferences(config, wanted);
  if (differences.length === 0) return ok(SUBJECT, says);
  const fixed = differences.filter((one) => FIXED.includes(one));
  if (fixed.length > 0) {
    const mend = `nats stream rm ${CHAT_STREAM.name}: an origin makes it anew, and nothing is lost`;
    return failure(SUBJECT, `its ${fixed.join(" and ")} cannot be changed to what is needed`, mend);
  }
  const mend = "An origin that starts changes it; STREAM_REPLICAS and STREAM_MAX_BYTES say to what";
  return warning(SUBJECT, `it has another ${differences.join(", ")} than the settings ask`, mend);
}

async function tryToMake(manager: JetStreamManager, wanted: StreamOptions): Promise<Finding> {
  const taken = await holderOf(manager);
  if (taken !== undefined) {
    const says = `another stream, ${taken}, takes ${CHAT_STREAM.subjects.join(", ")}`;
    return failure(SUBJECT, says, `Delete the stream ${taken}, or give it other subjects`);
  }
  const { streams } = manager;
  const remove = () => streams.delete(TRIAL_STREAM).catch(() => false); // Another check may have.
  try {
    await remove();
    const config = { ...chatStreamConfig(wanted), name: TRIAL_STREAM, subjects: [TRIAL_SUBJECT] };
    await streams.add(config);
    await remove();
  } catch (error) {
    return judgeRefusal(wordsOf(error), wanted);
  }
  return ok(SUBJECT, "not there yet; there is room for it, and the first origin makes it");
}

/** The stream that has our subjects already. */
async function holderOf({ streams }: JetStreamManager): Promise<string | undefined> {
  try {
    return await streams.find(CHAT_STREAM.subjects[0]);
  } catch {
    return undefined;
  }
}

function judgeRefusal(words: string, wanted: StreamOptions): Finding {
  const says = `Cannot make the stream: ${words}`;
  if (/insufficient|resource|exceeds|maximum|storage/i.test(words)) {
    const mend = `Give JetStream ${wanted.maxBytes} bytes (max_file_store, and the account's ` +
      "limit), or lower STREAM_MAX_BYTES";
    return failure(SUBJECT, says, mend);
  }
  if (/replicas|peers|cluster/i.test(words)) {
    const mend = `Set STREAM_REPLICAS to 1, or run ${wanted.replicas} servers with JetStream`;
    return failure(SUBJECT, says, mend);
  }
  if (/permission/i.test(words)) {
    return warning(SUBJECT, says, "Mend the permissions: until then nobody knows if there is room");
  }
  return failure(SUBJECT, says, "See the log of nats-server");
}
