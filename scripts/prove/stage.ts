/**
 * A system with load on it, recorded: where a part makes its faults.
 *
 * Invariant: a part says what it breaks, and nothing of how that is judged: `settle` does all of
 * that. What a stage started is gone when it is disposed of; what explains a failure is then in the
 * part's folder.
 *
 * @module
 */

import { randomFrom } from "testing/random.ts";
import type { System } from "../dev/supervised_system.ts";
import { startSystem } from "../dev/system.ts";
import { pause, waitUntil } from "../services/wait_until.ts";
import { monotonicClock } from "./history/clock.ts";
import type { Outage } from "./history/outage.ts";
import { Recorder } from "./history/recorder.ts";
import { KeptEvidence } from "./kept_evidence.ts";
import { Load } from "./load/load.ts";
import { Population } from "./load/population.ts";
import { FULL } from "./load/size.ts";
import { watchMemory } from "./memory.ts";
import type { Figures, PartContext, PartResult } from "./part.ts";
import { isReady } from "./readiness.ts";
import { settle } from "./settle.ts";
import type { StageOptions, StageParts } from "./stage_parts.ts";

const READY_MS = 60_000;

export class Stage implements AsyncDisposable {
  readonly system: System;
  readonly population: Population;
  readonly load: Load;
  readonly recorder: Recorder;
  /** What was broken, and when. */
  readonly outages: Outage[] = [];
  readonly #parts: StageParts;
  readonly #kept: KeptEvidence;
  readonly #owned: AsyncDisposable;

  private constructor(parts: StageParts, kept: KeptEvidence, owned: AsyncDisposable) {
    this.system = parts.system;
    this.population = parts.population;
    this.load = parts.load;
    this.recorder = parts.recorder;
    this.#parts = parts;
    this.#kept = kept;
    this.#owned = owned;
  }

  /** Two edges, two origins, everything durable; what ends is started again. The load runs. */
  static async start(context: PartContext, options: StageOptions = {}): Promise<Stage> {
    const { size = FULL, edgesOf = socketsOf, startSystem: start = () => usual(options) } = options;
    const random = randomFrom(context.seed);
    await using stack = new AsyncDisposableStack();
    const system = stack.use(await start());
    const recorder = new Recorder(monotonicClock);
    const kept = stack.use(new KeptEvidence(context.folder, system.logs, recorder));
    const tokenSecret = system.state.token_secret;
    const population = stack.use(
      new Population({ size, edges: edgesOf(system), tokenSecret, recorder, random }),
    );
    await population.settle();
    const load = new Load(population, size, random);
    stack.defer(() => load.halt());
    const memory = stack.use(watchMemory(() => system.state));
    load.start();
    context.report(`${population.all.length} devices, ${size.sendsPerS} sends a second`);
    const parts = { context, options, size, system, recorder, population, load, memory };
    return new Stage(parts, kept, stack.move());
  }

  now(): number {
    return monotonicClock.now();
  }

  /** Waits, unless the run is to end. */
  async pause(ms: number): Promise<void> {
    const until = this.now() + ms;
    for (;;) {
      this.#parts.context.signal.throwIfAborted();
      const leftMs = until - this.now();
      if (leftMs <= 0) return;
      await pause(Math.min(leftMs, 200));
    }
  }

  /** Kills a part, and waits until its supervisor has it ready again. */
  kill(id: string): Promise<Outage> {
    return this.outage(id, async () => {
      await this.system.kill(id);
      await this.untilReady(id);
    });
  }

  /** Writes down that something does not work, from the begin of `broken` to its end. */
  async outage(part: string, broken: () => Promise<void>): Promise<Outage> {
    this.#parts.context.signal.throwIfAborted();
    const downAt = this.now();
    await broken();
    const outage = { part, downAt, readyAt: this.now() };
    this.outages.push(outage);
    return outage;
  }

  async untilReady(id: string): Promise<void> {
    await waitUntil(async () => {
      this.#parts.context.signal.throwIfAborted();
      return await isReady(this.system.state, id) || undefined;
    }, { what: `${id} to be ready`, withinMs: READY_MS, everyMs: 20 });
  }

  /**
   * Ends the load, waits for what is owed, and judges. `figures` are the part's own; some can only
   * be had at the very end.
   */
  async settle(figures: Figures | (() => Promise<Figures>) = {}): Promise<PartResult> {
    const { memory } = this.#parts;
    const { result, truth } = await settle(this.#parts, this.outages, async () => ({
      ...typeof figures === "function" ? await figures() : figures,
      ...memory.figures,
    }));
    this.#kept.passed = result.anomalies.length === 0;
    this.#kept.truth = truth;
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned[Symbol.asyncDispose]();
  }
}

function usual({ system }: StageOptions): Promise<System> {
  return startSystem({ edges: 2, origins: 2, durable: true, restart: true, ...system });
}

function socketsOf({ state }: System): string[] {
  return state.edges.map(({ ws }) => ws);
}
