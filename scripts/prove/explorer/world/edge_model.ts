/**
 * Dora's device, an edge, and the database, and whatever can happen between them.
 *
 * Invariant: what is decided is decided by the tables of the real code; the rest is the world, at
 * its worst.
 *
 * @module
 */

import { Layout } from "../engine/layout.ts";
import type { Emit, Model } from "../engine/search.ts";
import { type BusOptions, takeBusSteps } from "./bus_steps.ts";
import { type ChapterOptions, writeChapters } from "./chapter.ts";
import { type ConnectionOptions, takeConnectionSteps } from "./connection_steps.ts";
import { takeDeviceSteps } from "./device_steps.ts";
import { Edge, type EdgeOptions } from "./edge.ts";
import { AT, type Budget, FIELD_WIDTHS, setBudget, SLOTS } from "./fields.ts";
import { Stage } from "./stage.ts";
import { nameStep, stepOf } from "./steps.ts";

export interface EdgeModelOptions extends BusOptions, ConnectionOptions {
  edge: EdgeOptions;
  chapters: ChapterOptions;
  budget: Budget;
}

export class EdgeModel implements Model {
  readonly layout = new Layout(FIELD_WIDTHS);
  readonly edge: Edge;
  readonly #options: EdgeModelOptions;
  readonly #stage: Stage;

  constructor(options: EdgeModelOptions) {
    this.#options = options;
    this.edge = new Edge(options.edge);
    this.#stage = new Stage(this.edge, options.edge.bends);
  }

  get machines() {
    return [this.edge.hubs, this.edge.feeds];
  }

  async start(state: Int32Array): Promise<void> {
    const { hubs, feeds } = this.edge;
    await this.edge.start();
    this.#stage.chapters = await writeChapters(this.#options.chapters, {
      hub: (input) => hubs.inputs.of(input),
      feed: (input) => feeds.inputs.of(input),
    });
    state.fill(0);
    this.edge.boot(state);
    setBudget(state, this.#options.budget);
  }

  expand(state: Int32Array, emit: Emit): void {
    const stage = this.#stage;
    stage.set(state, emit);
    takeBusSteps(stage, this.#options);
    takeConnectionSteps(stage, this.#options);
    takeDeviceSteps(stage, this.#options);
  }

  fault(s: Int32Array): string | undefined {
    const { forDora, history: { sends } } = this.#chapter(s);
    const got = s[AT.got]!, cursor = s[AT.cursor]!, reported = s[AT.reported]!;
    const missing = (upto: number) => forDora & ~got & upTo(upto);
    if (missing(cursor)) {
      return `I5: the device's cursor is ${cursor}, and it never had ${list(missing(cursor))}`;
    }
    if (got & ~forDora) return `I7: the device was shown ${list(got & ~forDora)}, which is not its`;
    if (missing(reported)) {
      return `I10: all up to ${reported} is called received, without ${list(missing(reported))}`;
    }
    if (new Set(sends).size < sends.length) return "doubled: a send is stored twice";
    if (s[AT.wrong]) return "takeover: the newest connection was sent away";
  }

  faultAtRest(s: Int32Array): string | undefined {
    const { history, forDora, sends } = this.#chapter(s);
    for (const send of sends) {
      if (!(s[AT.answered]! & (1 << send))) return `progress: send ${send} is never answered`;
      if (!history.sends.includes(send)) return `acked-lost: send ${send} was answered`;
    }
    const proven = this.edge.proven(s);
    if (proven < history.head) return `progress: only ${proven} is proven`;
    for (const slot of SLOTS) {
      if (!(s[AT.reads]! & (1 << slot))) continue;
      if (!this.edge.feedFacts(s, slot)!.live) return "progress: the catch-up never ends";
      const lacking = forDora & ~s[AT.got]!;
      if (lacking) return `I3: all is at rest, the device is connected and lacks ${list(lacking)}`;
    }
  }

  describe(next: Int32Array, kind: number, a: number, b: number): string {
    const name = stepOf(kind);
    const chapter = this.#chapter(next);
    if (name === "commit") return nameStep(name, a, chapter.history.kinds[a - 1]!);
    if (name === "hear") {
      return nameStep(
        name,
        "",
        chapter.published.find((each) => each.place === a && each.which === b)!.name,
      );
    }
    if (name === "receive" && a === 0) return nameStep(name, b === 0 ? "a ping" : "a cursor", b);
    return nameStep(name, a, b);
  }

  #chapter(s: Int32Array) {
    return this.#stage.chapters[s[AT.chapter]!]!;
  }
}

function upTo(place: number): number {
  return 2 ** (place + 1) - 2;
}

function list(places: number): string {
  return [1, 2, 3, 4, 5].filter((place) => places & (1 << place)).join(", ");
}
