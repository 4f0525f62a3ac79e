/**
 * What an edge asks of the origins, as typed calls over the bus.
 *
 * Invariant: every call ends within its timeout, with the answer or with an error that the caller
 * turns into "try again". The SDK gives up a command after 5 s, so a call waits at most 4. What
 * heals a loss, and a batch of sends, is asked again when no answer comes soon: an origin that stands
 * still, or is cut off without a word, is sent its share of the requests all the same, and the next
 * asking may come to another one.
 *
 * @module
 */

import { type Bus, NoAnswer } from "shared/bus/bus.ts";
import { decodePage, type Page } from "shared/bus/page.ts";
import {
  type Answer,
  type AskDigest,
  type Call,
  type CatchUp,
  type CaughtUp,
  type Changes,
  type ChangesHeader,
  decodeMessage,
  type Digest,
  encodeMessage,
  encodeSendBatch,
  type Enter,
  type Entered,
  type Mend,
  type Mended,
  REQUEST,
  type SendAnswers,
  type Sent,
} from "shared/bus/requests.ts";
import { wireError } from "shared/wire/codes.ts";

export const TIMEOUT_MS = 4_000;
/** Many times what a read or a commit takes; then for as long as is left. */
const SOON_MS = 1_000;

type Body<Message> = Omit<Message, "v">;

export interface Origin {
  /** Each send of the batch as JSON text. `withinMs`: what is left of the time of the oldest. */
  send(sends: string[], withinMs?: number): Promise<SendAnswers["answers"]>;
  call(call: Body<Call>): Promise<Answer>;
  enter(enter: Body<Enter>): Promise<Entered>;
  catchUp(read: Body<CatchUp>): Promise<Page<CaughtUp>>;
  mend(read: Body<Mend>): Promise<Page<Mended>>;
  changes(read: Body<Changes>): Promise<Page<ChangesHeader>>;
  digest(ask: Body<AskDigest>): Promise<Digest>;
}

export function createOrigin(bus: Bus): Origin {
  const ask = (subject: string, data: Uint8Array) => bus.request(subject, data, TIMEOUT_MS);
  const askAgain = (subject: string, data: Uint8Array, withinMs = TIMEOUT_MS) =>
    requestAgain(bus, subject, data, withinMs);
  return {
    async send(sends, withinMs) {
      const { bytes, again } = await askAgain(REQUEST.send, encodeSendBatch(sends), withinMs);
      const { answers } = decodeMessage<SendAnswers>(bytes);
      return again ? answers.map(believedOfRepeat) : answers;
    },
    async call(call) {
      const bytes = await ask(REQUEST.call, encodeMessage<Call>(call));
      return decodeMessage<Answer & { v: 1 }>(bytes);
    },
    async enter(enter) {
      return decodeMessage<Entered>(await ask(REQUEST.enter, encodeMessage<Enter>(enter)));
    },
    async catchUp(read) {
      return decodePage<CaughtUp>(await ask(REQUEST.catchUp, encodeMessage<CatchUp>(read)));
    },
    async mend(read) {
      const { bytes } = await askAgain(REQUEST.mend, encodeMessage<Mend>(read));
      return decodePage<Mended>(bytes);
    },
    async changes(read) {
      return decodePage<ChangesHeader>(
        (await askAgain(REQUEST.changes, encodeMessage<Changes>(read))).bytes,
      );
    },
    async digest(body) {
      const { bytes } = await askAgain(REQUEST.digest, encodeMessage<AskDigest>(body));
      return decodeMessage<Digest>(bytes);
    },
  };
}

/**
 * `again`: whether that is the answer to the second asking.
 *
 * @throws {NoAnswer}
 */
async function requestAgain(
  bus: Bus,
  subject: string,
  data: Uint8Array,
  withinMs: number,
): Promise<{ bytes: Uint8Array; again: boolean }> {
  const leftMs = withinMs - SOON_MS;
  try {
    return { bytes: await bus.request(subject, data, Math.min(SOON_MS, withinMs)), again: false };
  } catch (error) {
    if (!(error instanceof NoAnswer) || leftMs <= 0) throw error;
    return { bytes: await bus.request(subject, data, leftMs), again: true };
  }
}

/**
 * Whoever was asked first may store a send yet, so that no other can refuse it for good. Its sender
 * sends it again, and is told.
 */
function believedOfRepeat(answer: Answer<Sent>): Answer<Sent> {
  if (!("error" in answer) || answer.error.temporary) return answer;
  return { error: wireError("internal") };
}
