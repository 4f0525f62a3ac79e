/**
 * The span of a commit: from a send's arrival at an origin until its answer.
 *
 * Invariant: what the edge decided holds; without its word (the server API, the release before) the
 * message's own id decides. The committer knows nothing of it.
 *
 * @module
 */

import type { Answer, Send, Sent } from "shared/bus/requests.ts";
import { idOfSend } from "shared/tracing/names.ts";
import { readTraceparent } from "shared/tracing/traceparent.ts";
import type { Tracing } from "shared/tracing/tracing.ts";
import { ERRORS } from "shared/wire/codes.ts";
import type { MessageTraces } from "./message_traces.ts";

export type AnswerSend = (send: Send) => Promise<Answer<Sent>>;

export function tracedCommits(
  answerSend: AnswerSend,
  { tracing, messages }: { tracing: Tracing; messages: MessageTraces },
): AnswerSend {
  return async (send) => {
    const parent = readTraceparent(send.trace) ?? tracing.begin(send.user, idOfSend(send.data));
    if (!parent) return await answerSend(send);
    const span = tracing.start("commit", parent);
    try {
      const answer = await answerSend(send);
      if ("error" in answer) {
        const { code } = answer.error;
        span.end({ code }, { failed: code === ERRORS.internal.code });
      } else {
        const { gsid, duplicate } = answer.result;
        // Fan-out is told of the event in a later turn. A repeat is told of nothing.
        if (!duplicate) messages.reached(gsid, span.traceparent);
        span.end({ gsid, ...(duplicate && { duplicate }) });
      }
      return answer;
    } catch (error) {
      span.end({}, { failed: true });
      throw error;
    }
  };
}
