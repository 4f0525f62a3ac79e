/**
 * The span of a send: from the moment in which an edge takes it until its sender is answered.
 *
 * Invariant: what a client says of traces counts for nothing; the message's own id decides. Stands
 * before the batches, which know nothing of it.
 *
 * @module
 */

import { idOfSend } from "shared/tracing/names.ts";
import { ERRORS } from "shared/wire/codes.ts";
import type { Tracing } from "shared/tracing/tracing.ts";
import type { SendBatcher } from "../upstream/send_batch.ts";

type Sends = Pick<SendBatcher, "add">;

export function tracedSends(sends: Sends, tracing: Tracing): Sends {
  return {
    add(send, onAnswer) {
      const begin = tracing.begin(send.user, idOfSend(send.data));
      if (!begin) return sends.add(send, onAnswer);
      const span = tracing.start("send", begin);
      sends.add({ ...send, trace: span.traceparent }, (answer) => {
        if ("error" in answer) {
          const { code } = answer.error;
          span.end({ code }, { failed: code === ERRORS.internal.code });
        } else {
          const { gsid, duplicate } = answer.result;
          span.end({ gsid, ...(duplicate && { duplicate }) });
        }
        onAnswer(answer);
      });
    },
  };
}
