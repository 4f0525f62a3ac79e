/**
 * A system with load on it, recorded: where a part makes its faults.
 *
 * Invariant: a part says what it breaks, and nothing of how that is judged: `settle` ends the load,
 * waits until everything that is owed has come or its time is over, and checks all histories. What
 * it started is gone when it is disposed of; what explains a failure is in the part's folder.
 *
 * @module
 */

import { join } from "node:path";
import { randomFrom } from "testing/random.ts";
import { startSystem, type System, type SystemOptions } from "../dev/system.ts";
import { pause, waitUntil } from "../services/wait_until.ts";
import { check } from "./history/check.ts";
import { monotonicClock } from "./history/clock.ts";
import { type Expectations } from "./history/evidence.ts";
import { figuresOf } from "./history/figures.ts";
import { mergeOutages, type Outage } from "./history/outage.ts";
import { readTruth } from "./history/read_truth.ts";
import { Recorder } from "./history/recorder.ts";
import type { Truth } from "./history/truth.ts";
import { writeHistory, writeTruth } from "./history/write.ts";
import { Load } from "./load/load.ts";
import { Population } from "./load/population.ts";
import { FULL, type LoadSize } from "./load/size.ts";
import type { Figures, PartContext, PartResult } from "./part.ts";
import { isReady } from "./readiness.ts";

export interface StageOptions extends Omit<Expectations, "live"> {
  size?: LoadSize;
  system?: SystemOptions;
}

const READY_MS = 60_000;
/** How long what is owed may take after the last answer, before it counts as missing. */
const DELIVERED_MS = 40_000, PUSHED_MS = 60_000;
/** Longer than from one digest to the next: what should not come has had time to. */
const QUIET_MS = 3_000;

export class Stage implements AsyncDisposable {
  readonly system: System;
  readonly population: Population;
  readonly load: Load;
  readonly recorder: Recorder;
  /** What parts were broken, and when. */
  readonly outages: Outage[] = [];
  readonly #context: PartContext;
  readonly #options: StageOptions;
  readonly #size: LoadSize;
  readonly #stack: AsyncDisposableStack;
  readonly #memory: Memory;
  #clean = false;

  private constructor(
    parts: Pick<Stage, "system" | "population" | "load" | "recorder">,
    { context, options, size, stack, memory }: {
      context: PartContext;
      options: StageOptions;
      size: LoadSize;
      stack: AsyncDisposableStack;
      memory: Memory;
    },
  ) {
    this.system = parts.system;
    this.population = parts.population;
    this.load = parts.load;
    this.recorder = parts.recorder;
    this.#context = context;
    this.#options = options;
    this.#size = size;
    this.#stack = stack;
    this.#memory = memory;
  }

  /** Two edges, two origins, everything durable; what ends is started again. The load runs. */
  static async start(context: PartContext, options: StageOptions = {}): Promise<Stage> {
    const { size = FULL } = options;
    const random = randomFrom(context.seed);
    await using stack = new AsyncDisposableStack();
    const system = stack.use(
      await startSystem({ edges: 2, origins: 2, durable: true, restart: true, ...options.system }),
    );
    const recorder = new Recorder(monotonicClock);
    const { edges, token_secret: tokenSecret } = system.state;
    const population = stack.use(
      new Population({ size, edges: edges.map(({ ws }) => ws), tokenSecret, recorder, random }),
    );
    await population.settle();
    const load = new Load(population, size, random);
    stack.defer(() => load.halt());
    const memory = stack.use(watchMemory());
    load.start();
    const { length } = population.all;
    context.report(`${length} devices on 2 edges, ${size.sendsPerS} sends a second`);
    const rest = { context, options, size, memory, stack: stack.move() };
    return new Stage({ system, population, load, recorder }, rest);
  }

  now(): number {
    return monotonicClock.now();
  }

  /** Waits, unless the run is to end. */
  async pause(ms: number): Promise<void> {
    const until = this.now() + ms;
    for (;;) {
      this.#context.signal.throwIfAborted();
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

  /** Writes down that a part does not work, from the begin of `broken` to its end. */
  async outage(part: string, broken: () => Promise<void>): Promise<Outage> {
    this.#context.signal.throwIfAborted();
    const downAt = this.now();
    await broken();
    const outage = { part, downAt, readyAt: this.now() };
    this.outages.push(outage);
    return outage;
  }

  async untilReady(id: string): Promise<void> {
    await waitUntil(async () => {
      this.#context.signal.throwIfAborted();
      return await isReady(this.system.state, id) || undefined;
    }, { what: `${id} to be ready`, withinMs: READY_MS, everyMs: 20 });
  }

  /** Ends the load, waits for what is owed, and judges. */
  async settle(figures: Figures = {}): Promise<PartResult> {
    const { report, folder } = this.#context;
    report("settling");
    await this.load.stop();
    await this.population.untilConnected(this.population.apps);
    let truth = await readTruth(this.system.state);
    await this.#until(DELIVERED_MS, () => this.#owes(truth, "undelivered") ? undefined : true);
    await this.#until(PUSHED_MS, async () => {
      truth = await readTruth(this.system.state);
      return this.#owes(truth, "unpushed") ? undefined : true;
    });
    for (const sleeper of this.population.sleepers) sleeper.resume();
    await this.population.untilConnected(this.population.sleepers);
    await this.#until(DELIVERED_MS, () => this.#owes(truth, "undelivered") ? undefined : true);
    await this.pause(QUIET_MS);
    truth = await readTruth(this.system.state);
    const { history } = this.recorder;
    const { anomalies, counts } = check(history, truth, this.#expect);
    if (anomalies.length > 0) await writeTruth(folder, truth);
    this.#clean = anomalies.length === 0;
    return {
      anomalies,
      figures: {
        ...this.#outageFigures(),
        ...figures,
        ...figuresOf(history, truth, this.outages),
        ...counts,
        load_memory_max_mib: this.#memory.maxMib,
      },
      conditions: { load: wordsOf(this.#size) },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#clean) {
      await writeHistory(this.#context.folder, this.recorder.history);
      await copyFiles(this.system.logs, join(this.#context.folder, "logs"));
    }
    await this.#stack.disposeAsync();
  }

  get #expect(): Expectations {
    const live = this.population.all.filter(({ live }) => live).map(({ history }) => history);
    return { ...this.#options, live: new Set(live) };
  }

  #owes(truth: Truth, name: string): boolean {
    const { anomalies } = check(this.recorder.history, truth, this.#expect);
    return anomalies.some((anomaly) => anomaly.name === name);
  }

  /** Asks until it is so or the time is over: what is missing then, the checker says. */
  async #until(withinMs: number, ask: () => true | undefined | Promise<true | undefined>) {
    const until = this.now() + withinMs;
    while (!await ask() && this.now() < until) await this.pause(500);
  }

  #outageFigures(): Figures {
    const figures: Figures = {};
    for (const { part } of this.outages) {
      const name = `${part.replace(/-\d+$/, "")}_outages`;
      figures[name] = (figures[name] ?? 0) + 1;
    }
    const merged = mergeOutages(this.outages);
    const downMs = merged.reduce((sum, { downAt, readyAt }) => sum + readyAt - downAt, 0);
    return { ...figures, down_s: Math.round(downMs / 1_000) };
  }
}

function wordsOf(size: LoadSize): string {
  const { users, devicesPerUser, groups, membersPerGroup, sendsPerS } = size;
  return `${users} users × ${devicesPerUser} devices, ${groups} groups of ${membersPerGroup}, ${sendsPerS} sends/s`;
}

interface Memory extends Disposable {
  readonly maxMib: number;
}

/** Of this process, which carries the load. */
function watchMemory(): Memory {
  let maxMib = 0;
  const look = () => maxMib = Math.max(maxMib, Math.round(Deno.memoryUsage().rss / 2 ** 20));
  const timer = setInterval(look, 1_000);
  return {
    get maxMib() {
      look();
      return maxMib;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

async function copyFiles(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isFile } of Deno.readDir(from)) {
    if (isFile) await Deno.copyFile(join(from, name), join(to, name));
  }
}
