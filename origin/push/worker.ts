/**
 * Sends what the queue holds: claims jobs, has them decided, performs what was decided.
 *
 * Invariant: at least once. A job is recorded after its answers, so a crash in between repeats it
 * (the note's id makes it replace the first); a process remembers what it sent, so that a database
 * that is away repeats nothing. Whose a token is was read a moment before it is sent to: a phone may
 * change hands while a provider is slow. Whatever fails, the loop goes on. Nothing waits by the time
 * of this machine, which may be set back. Decides nothing: see `policy.ts`, `health.ts` and the
 * gateways.
 *
 * @module
 */

import { LRUCache } from "lru-cache";
import { type Gsid, timeOfGsid } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import { BACKOFF, type Backoff } from "./backoff.ts";
import type { Gateways } from "./config.ts";
import type { PushEvents } from "./events.ts";
import type { Outcome, Platform } from "./gateway/gateway.ts";
import { type Health, HEALTHY, observe } from "./health.ts";
import type { PushJob, StoredTarget, Verdict } from "./job.ts";
import { noteOf } from "./note.ts";
import { judgeJob, planJob } from "./policy.ts";
import type { PushQueue } from "./queue.ts";

export interface PushSettings {
  /** A push of an event older than this is given up. */
  ttlMs: number;
  /** Jobs in hand at once. */
  maxJobs: number;
  /** Longer than any job takes, or it is done twice. */
  leaseMs: number;
  /** Whose a token is is read again when that was read so long ago. */
  freshMs: number;
  /** How often to look for jobs that nobody announced here. */
  pollMs: number;
  /** How long sends in flight may take once the worker is told to stop. */
  graceMs: number;
  /** So many sends are remembered, so that a database that is away repeats nothing. */
  remembered: number;
  backoff: Backoff;
}

export const PUSH_SETTINGS: PushSettings = {
  ttlMs: 86_400_000,
  maxJobs: 200,
  leaseMs: 120_000,
  freshMs: 1_000,
  pollMs: 1_000,
  graceMs: 5_000,
  remembered: 50_000,
  backoff: BACKOFF,
};

export interface PushWorkerOptions {
  queue: PushQueue;
  gateways: Gateways;
  events: PushEvents;
  /** Whether the user is known to have received the event. */
  received(user: UserId, gsid: Gsid): boolean;
  clock: PushClock;
  settings?: Partial<PushSettings>;
}

export interface PushClock {
  /** In ms, and never set back. What time it is, the database says with each job. */
  nowMs(): number;
  /** In [0, 1). */
  random(): number;
  /** Resolves after `ms`, or rejects by the signal. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export interface PushWorker extends AsyncDisposable {
  /** Jobs being sent or waiting to be written down; sends that are remembered. */
  readonly kept: { jobs: number; remembered: number };
  /** How a provider has been answering lately. */
  healthOf(platform: Platform): Health;
  /** There may be something to do. */
  poke(): void;
}

/** Disposing of it claims nothing more, lets what is in flight end, and records it. */
export function startPushWorker(options: PushWorkerOptions): PushWorker {
  const worker = new Worker(options);
  options.queue.onEnqueued(() => worker.poke());
  return worker;
}

/** Between which moments of our clock jobs were claimed, and all was read that came with them. */
interface Claimed {
  fromMs: number;
  untilMs: number;
}

class Worker implements PushWorker {
  #options: PushWorkerOptions;
  #settings: PushSettings;
  #stop = new AbortController();
  #giveUp = new AbortController();
  #wake = Promise.withResolvers<void>();
  #inHand = new Set<Promise<void>>();
  #health = new Map<Platform, Health>();
  #sent: LRUCache<string, true>;
  #unrecorded: [PushJob, Verdict][] = [];
  #recording: Promise<void> | undefined;
  #loop: Promise<void>;

  constructor(options: PushWorkerOptions) {
    this.#options = options;
    this.#settings = { ...PUSH_SETTINGS, ...options.settings };
    this.#sent = new LRUCache({ max: this.#settings.remembered });
    this.#loop = this.#run();
  }

  get kept() {
    return { jobs: this.#inHand.size + this.#unrecorded.length, remembered: this.#sent.size };
  }

  healthOf(platform: Platform): Health {
    return this.#health.get(platform) ?? HEALTHY;
  }

  poke(): void {
    this.#wake.resolve();
  }

  async [Symbol.asyncDispose]() {
    this.#stop.abort();
    this.poke();
    await this.#loop;
    const drained = new AbortController();
    this.#options.clock.wait(this.#settings.graceMs, drained.signal).then(
      () => this.#giveUp.abort(),
      () => {},
    );
    await Promise.all(this.#inHand);
    await this.#recording;
    drained.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const free = this.#settings.maxJobs - this.kept.jobs;
      // Claiming one by one as hands come free would cost a query for each job.
      if (free * 2 < this.#settings.maxJobs) {
        // What cannot be written down fills hands as well: a database that hangs gets no more jobs.
        await Promise.race([...this.#inHand, ...this.#recording ? [this.#recording] : []]);
        continue;
      }
      this.#wake = Promise.withResolvers();
      const { clock } = this.#options;
      const fromMs = clock.nowMs();
      const jobs = await this.#claim(free);
      const claimed = { fromMs, untilMs: clock.nowMs() };
      for (const job of jobs) this.#take(job, claimed);
      if (jobs.length < free) await this.#sleep();
    }
  }

  /** Until poked, or until the next look is due. */
  async #sleep(): Promise<void> {
    const done = new AbortController();
    const signal = AbortSignal.any([done.signal, this.#stop.signal]);
    const timer = this.#options.clock.wait(this.#settings.pollMs, signal).catch(() => {});
    await Promise.race([this.#wake.promise, timer]);
    // A word of our own: the exception made without one costs more than all the rest of a wait.
    done.abort("woken");
    await timer;
  }

  async #claim(limit: number): Promise<PushJob[]> {
    try {
      return await this.#options.queue.claim(limit, this.#settings.leaseMs);
    } catch (error) {
      this.#options.events.failed("claim", error);
      return [];
    }
  }

  #take(job: PushJob, claimed: Claimed): void {
    const work = this.#handle(job, claimed)
      .catch((error) => this.#options.events.failed("send", error))
      .finally(() => this.#inHand.delete(work));
    this.#inHand.add(work);
  }

  async #handle(job: PushJob, claimed: Claimed): Promise<void> {
    const { gateways, received, clock, events } = this.#options;
    const plan = planJob(job, {
      received: received(job.user, job.gsid),
      ttlMs: this.#settings.ttlMs,
      nowMs: this.#timeAtDatabase(job, claimed),
      configured: (platform) => gateways.has(platform),
      pausedForMs: (platform) => this.healthOf(platform).pausedUntilMs - clock.nowMs(),
      remembered: (target) => this.#sent.has(memoryKey(job, target)),
    });
    const verdict = plan.kind === "send" ? await this.#send(job, plan.targets, claimed) : plan;
    if (verdict.kind === "ended" && verdict.outcome !== "sent") {
      events[verdict.outcome](verdict.reason);
    }
    this.#unrecorded.push([job, verdict]);
    this.#recording ??= this.#record();
  }

  async #send(job: PushJob, targets: StoredTarget[], claimed: Claimed): Promise<Verdict> {
    const { gateways, clock } = this.#options;
    const note = noteOf(job.event!, job.user, this.#settings.ttlMs);
    const answers = new Map(
      await Promise.all(targets.map(async (target): Promise<[StoredTarget, Outcome]> => {
        const gateway = gateways.get(target.platform)!;
        const isCurrent = () => this.#isCurrent(job, target, claimed);
        const outcome = await gateway.send(target, note, this.#giveUp.signal, isCurrent);
        return [target, await this.#heed(job, target, outcome)];
      })),
    );
    return judgeJob(job, answers, {
      nowMs: this.#timeAtDatabase(job, claimed),
      random: clock.random,
      backoff: this.#settings.backoff,
      configured: (platform) => gateways.has(platform),
    });
  }

  /** By the clock that jobs come due by, in ms since 1970; all origins have the same. */
  #timeAtDatabase({ gsid, ageMs }: PushJob, { untilMs }: Claimed): number {
    return timeOfGsid(gsid) + ageMs + this.#options.clock.nowMs() - untilMs;
  }

  /** What was read with the job is believed for a moment. In doubt the job comes back. */
  async #isCurrent(
    { user }: PushJob,
    target: StoredTarget,
    { fromMs }: Claimed,
  ): Promise<boolean> {
    const { clock, queue, events } = this.#options;
    if (clock.nowMs() - fromMs <= this.#settings.freshMs) return true;
    try {
      return await queue.holds(user, target);
    } catch (error) {
      events.failed("confirm", error);
      return false;
    }
  }

  /** Does at once what an answer asks for; answers the outcome to judge the job by. */
  async #heed(job: PushJob, target: StoredTarget, answer: Outcome): Promise<Outcome> {
    const { clock, events } = this.#options;
    const { platform } = target;
    const seen = observe(this.healthOf(platform), answer, clock.nowMs());
    this.#health.set(platform, seen.health);
    if (seen.alarm !== undefined) events.alarm(platform, seen.alarm);
    const { outcome } = seen;
    switch (outcome.kind) {
      case "sent":
        this.#sent.set(memoryKey(job, target), true);
        events.sent(platform);
        return outcome;
      case "retry":
        events.retried(platform, outcome.reason);
        return outcome;
      case "fail":
        events.refused(platform, outcome.reason);
        return outcome;
      case "prune":
        try {
          const removed = await this.#options.queue.prune(target, outcome);
          if (removed) events.pruned(platform, outcome.reason);
          return outcome;
        } catch (error) {
          events.failed("prune", error);
          return { kind: "retry", reason: outcome.reason, scope: "target" };
        }
    }
  }

  /** Writes down all that has ended; what ends meanwhile goes together into the next write. */
  async #record(): Promise<void> {
    while (this.#unrecorded.length > 0) {
      const batch = this.#unrecorded;
      this.#unrecorded = [];
      try {
        await this.#options.queue.record(batch);
      } catch (error) {
        // The leases run out, and the jobs come back.
        this.#options.events.failed("record", error);
      }
    }
    // In the same turn as the last look: what ends from now on starts a new write.
    this.#recording = undefined;
  }
}

function memoryKey(job: PushJob, target: StoredTarget): string {
  return `${target.id} ${job.gsid} ${job.user}`;
}
