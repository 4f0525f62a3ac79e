/**
 * The spans of pushes: one while a worker has the job, and below it one for each provider's answer.
 *
 * Invariant: a message has `MAX_PUSH_SPANS` of the first kind at most. A job that no fan-out of this
 * origin asked for (the late check's, another origin's) begins at the message itself. Worker, queue
 * and gateways know nothing of it.
 *
 * @module
 */

import { LRUCache } from "lru-cache";
import { namesIn } from "shared/tracing/names.ts";
import type { Span, Tracing } from "shared/tracing/tracing.ts";
import type { Traceparent } from "shared/tracing/traceparent.ts";
import type { Gateways } from "../push/config.ts";
import type { PushGateway } from "../push/gateway/gateway.ts";
import type { JobKey, PushJob, Verdict } from "../push/job.ts";
import type { PushQueue } from "../push/queue.ts";
import type { MessageTraces } from "./message_traces.ts";

/** Jobs in hand; one whose worker failed is never written down. */
const MAX_OPEN = 1_000;

export class PushTraces {
  readonly #tracing: Tracing;
  readonly #messages: MessageTraces;
  readonly #open = new LRUCache<string, Span>({ max: MAX_OPEN });

  constructor({ tracing, messages }: { tracing: Tracing; messages: MessageTraces }) {
    this.#tracing = tracing;
    this.#messages = messages;
  }

  queue(queue: PushQueue): PushQueue {
    return {
      ...queue,
      claim: async (limit, leaseMs) => {
        const jobs = await queue.claim(limit, leaseMs);
        for (const job of jobs) this.#begin(job);
        return jobs;
      },
      record: async (verdicts) => {
        for (const [job, verdict] of verdicts) this.#end(job, verdict);
        await queue.record(verdicts);
      },
    };
  }

  gateways(gateways: Gateways): Gateways {
    return new Map([...gateways].map(([platform, gateway]) => [platform, this.#watch(gateway)]));
  }

  #watch(gateway: PushGateway): PushGateway {
    const { platform } = gateway;
    return {
      platform,
      send: async (target, note, signal, isCurrent) => {
        const job = this.#open.get(keyOf(note));
        if (!job) return await gateway.send(target, note, signal, isCurrent);
        const span = this.#tracing.start(platform, job.traceparent);
        const outcome = await gateway.send(target, note, signal, isCurrent);
        const { gsid } = note;
        span.end({
          gsid,
          outcome: outcome.kind,
          ...("reason" in outcome && { reason: outcome.reason }),
        }, { failed: outcome.kind === "retry" });
        return outcome;
      },
      [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
    };
  }

  #begin(job: PushJob): void {
    const parent = this.#parentOf(job);
    if (!parent || !this.#messages.countPush(job.gsid)) return;
    this.#open.set(keyOf(job), this.#tracing.start("push", parent));
  }

  #parentOf({ gsid, sender, event }: PushJob): Traceparent | undefined {
    const known = this.#messages.of(gsid);
    if (known || sender === null || !event) return known;
    const begin = this.#tracing.begin(sender, namesIn(event.fields).id);
    if (begin) this.#messages.reached(gsid, begin);
    return begin;
  }

  #end(job: PushJob, verdict: Verdict): void {
    const span = this.#open.get(keyOf(job));
    if (!span) return;
    this.#open.delete(keyOf(job));
    const { gsid, attempt } = job;
    const { reason } = verdict;
    const outcome = verdict.kind === "ended" ? verdict.outcome : verdict.kind;
    const fields = { gsid, attempt, outcome, ...(reason !== "" && { reason }) };
    span.end(fields, { failed: outcome === "dead" });
  }
}

function keyOf({ gsid, user }: JobKey): string {
  return `${gsid} ${user}`;
}
