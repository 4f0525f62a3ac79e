/**
 * What an edge asks of the origins, as typed calls over the bus.
 *
 * Invariant: every call ends within its timeout, with the answer or with an error that the caller
 * turns into "try again". The SDK gives up a command after 5 s, so a call waits at most 4. What
 * heals a loss is asked of another origin when the first one does not answer soon, for one that
 * stands still is sent its share of the requests all the same.
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
} from "shared/bus/requests.ts";

const TIMEOUT_MS = 4_000;
/** Many times what a read takes; then for as long as is left. */
const HEALING_TIMEOUTS_MS = [1_000, 3_000];

type Body<Message> = Omit<Message, "v">;

export interface Origin {
  /** Each send of the batch as JSON text. */
  send(sends: string[]): Promise<SendAnswers["answers"]>;
  call(call: Body<Call>): Promise<Answer>;
  enter(enter: Body<Enter>): Promise<Entered>;
  catchUp(read: Body<CatchUp>): Promise<Page<CaughtUp>>;
  mend(read: Body<Mend>): Promise<Page<Mended>>;
  changes(read: Body<Changes>): Promise<Page<ChangesHeader>>;
  digest(ask: Body<AskDigest>): Promise<Digest>;
}

export function createOrigin(bus: Bus): Origin {
  const ask = (subject: string, data: Uint8Array) => bus.request(subject, data, TIMEOUT_MS);
  const askAgain = (subject: string, data: Uint8Array) => requestAgain(bus, subject, data);
  return {
    async send(sends) {
      const bytes = await ask(REQUEST.send, encodeSendBatch(sends));
      return decodeMessage<SendAnswers>(bytes).answers;
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
      return decodePage<Mended>(await askAgain(REQUEST.mend, encodeMessage<Mend>(read)));
    },
    async changes(read) {
      return decodePage<ChangesHeader>(
        await askAgain(REQUEST.changes, encodeMessage<Changes>(read)),
      );
    },
    async digest(body) {
      return decodeMessage<Digest>(await askAgain(REQUEST.digest, encodeMessage<AskDigest>(body)));
    },
  };
}

/** @throws {NoAnswer} */
async function requestAgain(bus: Bus, subject: string, data: Uint8Array): Promise<Uint8Array> {
  for (let attempt = 0;; attempt++) {
    try {
      return await bus.request(subject, data, HEALING_TIMEOUTS_MS[attempt]!);
    } catch (error) {
      const isLast = attempt === HEALING_TIMEOUTS_MS.length - 1;
      if (isLast || !(error instanceof NoAnswer)) throw error;
    }
  }
}
