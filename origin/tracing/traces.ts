/**
 * All that traces messages in an origin, put together.
 *
 * @module
 */

import { traceIdOf } from "shared/tracing/traceparent.ts";
import type { Tracing } from "shared/tracing/tracing.ts";
import { type AnswerSend, tracedCommits } from "./commits.ts";
import { tracedFanOuts, type TraceFanOut } from "./fan_outs.ts";
import { MessageTraces } from "./message_traces.ts";
import { PushTraces } from "./pushes.ts";

export interface Traces {
  readonly messages: MessageTraces;
  readonly pushes: PushTraces;
  readonly fanOut: TraceFanOut;
  commits(answerSend: AnswerSend): AnswerSend;
  /** The id of a message's trace; `undefined`: it is not traced. */
  idOf(sender: string, id: string): string | undefined;
}

export function createTraces(tracing: Tracing): Traces {
  const messages = new MessageTraces();
  const parts = { tracing, messages };
  return {
    messages,
    pushes: new PushTraces(parts),
    fanOut: tracedFanOuts(parts),
    commits: (answerSend) => tracedCommits(answerSend, parts),
    idOf(sender, id) {
      const begin = tracing.begin(sender, id);
      return begin && traceIdOf(begin);
    },
  };
}
