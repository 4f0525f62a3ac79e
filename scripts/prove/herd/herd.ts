/**
 * A crowd at some edges of a stage, and pairs at another whom it must not hurt.
 *
 * Invariant: what it starts is gone when it is disposed of; and nothing that it counts goes through
 * the process of the load, which has its own work.
 *
 * @module
 */

import { pause, waitUntil } from "../../services/wait_until.ts";
import { type Anomaly, anomaly, type Figures, type PartContext } from "../part.ts";
import type { Stage } from "../stage.ts";
import { Child } from "./child.ts";
import { GaugeWatch } from "./gauges.ts";
import type {
  CrowdEnd,
  CrowdEnding,
  CrowdOrder,
  CrowdState,
  SteadyEnd,
  SteadyOrder,
  SteadySample,
} from "./orders.ts";
import { crowdFigures, steadyFigures, type Window } from "./window.ts";

export interface HerdSize {
  /** Connections that come back. */
  crowd: number;
  /** How many of them connect in a second, at the beginning. */
  pacePerS: number;
  /** The edges that they are at. */
  driven: readonly string[];
  /** Of two users each, at the other edge. */
  pairs: number;
  sendsPerS: number;
}

const ALERT_EVERY_MS = 1_000, AGAIN_MS = 200;
const BACK_MS = 120_000;
/** Connections that stand for as long as this are back for good. */
const SETTLED_MS = 1_000;

export class Herd implements AsyncDisposable {
  readonly #size: HerdSize;
  readonly #context: PartContext;
  readonly #crowd: Child<CrowdState, CrowdEnd>;
  readonly #steady: Child<SteadySample, SteadyEnd>;
  readonly #gauges: GaugeWatch;
  readonly #alerts: Alerts;
  readonly #owned: AsyncDisposable;

  private constructor(
    parts: {
      size: HerdSize;
      context: PartContext;
      crowd: Child<CrowdState, CrowdEnd>;
      steady: Child<SteadySample, SteadyEnd>;
      gauges: GaugeWatch;
      alerts: Alerts;
    },
    owned: AsyncDisposable,
  ) {
    this.#size = parts.size;
    this.#context = parts.context;
    this.#crowd = parts.crowd;
    this.#steady = parts.steady;
    this.#gauges = parts.gauges;
    this.#alerts = parts.alerts;
    this.#owned = owned;
  }

  /** Resolves when everybody is connected. */
  static async start(stage: Stage, context: PartContext, size: HerdSize): Promise<Herd> {
    await using stack = new AsyncDisposableStack();
    const { edges, token_secret: tokenSecret } = stage.system.state;
    const sockets = (driven: boolean) =>
      edges.filter(({ id }) => size.driven.includes(id) === driven).map(({ ws }) => ws);
    const { crowd: members, pacePerS, pairs, sendsPerS } = size;
    const crowdOrder: CrowdOrder = {
      ...{ run: "crowd", size: members, edges: sockets(true), tokenSecret, pacePerS },
    };
    const steadyOrder: SteadyOrder = {
      ...{ run: "steady", pairs, edge: sockets(false)[0]!, tokenSecret, sendsPerS },
    };
    const crowd = stack.use(new Child<CrowdState, CrowdEnd>("crowd.ts", crowdOrder));
    const steady = stack.use(new Child<SteadySample, SteadyEnd>("steady.ts", steadyOrder));
    const gauges = stack.use(new GaugeWatch(() => stage.system.state));
    const alerts = stack.use(new Alerts(stage));
    const parts = { size, context, crowd, steady, gauges, alerts };
    const herd = new Herd(parts, stack);
    await herd.allBack();
    context.report(`${members} more connections stand`);
    alerts.start();
    const owned = stack.move();
    return new Herd(parts, owned);
  }

  /** The time that something takes. */
  async during(happening: () => Promise<unknown>): Promise<Window> {
    const fromMs = Date.now();
    await happening();
    return { fromMs, toMs: Date.now() };
  }

  /** Resolves when the whole crowd is connected, and has been for a moment. */
  async allBack(): Promise<void> {
    let sinceMs: number | undefined;
    await waitUntil(() => {
      this.#context.signal.throwIfAborted();
      const isWhole = this.#crowd.latest?.connected === this.#size.crowd;
      sinceMs = isWhole ? sinceMs ?? Date.now() : undefined;
      return sinceMs !== undefined && Date.now() - sinceMs >= SETTLED_MS || undefined;
    }, { what: "the crowd to be connected", withinMs: BACK_MS, everyMs: 50 });
  }

  /** Ends it, and says what it was like in each of the rushes, and before them. */
  async settle(
    calm: Window,
    rushes: Record<string, Window>,
  ): Promise<{ figures: Figures; anomalies: Anomaly[] }> {
    const alerts = await this.#alerts.stop();
    const steady = await this.#steady.end({});
    const ending: CrowdEnding = { alerts };
    const crowd = await this.#crowd.end(ending);
    const figures: Figures = {
      crowd_alerts: alerts,
      crowd_repeats: crowd.repeats,
      steady_sends: steady.sent,
      ...steadyFigures("calm", this.#steady.lines, calm),
    };
    for (const [name, window] of Object.entries(rushes)) {
      Object.assign(figures, crowdFigures(name, this.#crowd.lines, window));
      Object.assign(figures, steadyFigures(name, this.#steady.lines, window));
      figures[`${name}_send_p99_to_calm`] = ratio(figures, `${name}_send_p99_ms`);
    }
    const anomalies = [
      ...crowd.missing > 0 ? [anomaly("undelivered", `${crowd.missing} alerts to the crowd`)] : [],
      ...steady.missing > 0 ? [anomaly("undelivered", `${steady.missing} steady messages`)] : [],
    ];
    return { figures: { ...figures, ...this.#gauges.figures }, anomalies };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#owned[Symbol.asyncDispose]() as Promise<void>;
  }
}

/** How many times as long as in the calm. */
function ratio(figures: Figures, name: string): number {
  return Math.round(10 * figures[name]! / figures.calm_send_p99_ms!) / 10;
}

/** Something for the crowd to miss: numbered alerts, one a second. */
class Alerts implements AsyncDisposable {
  readonly #stage: Stage;
  #count = 0;
  #stopped = false;
  #running = Promise.resolve();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Resolves to how many there were. */
  async stop(): Promise<number> {
    this.#stopped = true;
    await this.#running;
    return this.#count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const body = { herd: this.#count };
      while (!await this.#tell({ id: `herd-${this.#count}`, body })) await pause(AGAIN_MS);
      this.#count++;
      await pause(ALERT_EVERY_MS);
    }
  }

  /** The same id again is the same alert. */
  async #tell(data: unknown): Promise<boolean> {
    const { origins, api_key } = this.#stage.system.state;
    try {
      const response = await fetch(`${origins[0]!.api}/api/alert`, {
        method: "POST",
        headers: { "X-API-Key": api_key, "Content-Type": "application/json" },
        body: JSON.stringify(data),
        signal: AbortSignal.timeout(5_000),
      });
      return "result" in await response.json();
    } catch {
      return false;
    }
  }
}
