/**
 * How soon sends succeed again after an outage.
 *
 * Invariant: every send that was begun or awaited an answer during an outage counts, not only a
 * probe's. From the end of the first outage that it met, all time counts but that in which something
 * was down that it needed: another outage is no excuse by itself. Pure.
 *
 * @module
 */

import type { DeviceHistory } from "./entry.ts";
import type { SendHistory } from "./evidence.ts";
import type { Span } from "./latency.ts";
import { intersectionOf, lengthWithin, unionOf } from "./spans.ts";

/** From when a part was broken until it was ready again; on the clock of the history. */
export interface Outage {
  part: string;
  downAt: number;
  readyAt: number;
}

/** What a send needs one of: parts by their ids, edges by their sockets, too. */
export interface Redundant {
  edges: readonly { id: string; ws: string }[];
  origins: readonly { id: string }[];
}

/** What a send needs, whoever sends it; and nothing needs Redis. */
const NEEDED_BY_ALL = ["nats", "postgres"];

/** For each send that met an outage, how long it took after the outage's end, in milliseconds. */
export function delaysAfter(
  outages: readonly Outage[],
  sends: readonly SendHistory[],
  system: Redundant,
): number[] {
  const excuses = new Excuses(outages, system);
  return sends.flatMap(({ device, invokedAt, answered }) => {
    if (!answered) return [];
    const met = outages.filter(({ downAt, readyAt }) =>
      downAt <= answered.at && invokedAt < readyAt
    );
    if (met.length === 0) return [];
    const from = Math.min(...met.map(({ readyAt }) => readyAt));
    return [excuses.unexcusedMs(device, { from, to: answered.at })];
  });
}

class Excuses {
  readonly #byEdge: ReadonlyMap<string, readonly Span[]>;
  readonly #anyEdge: readonly Span[];
  readonly #links = new Map<DeviceHistory, Link[]>();

  constructor(outages: readonly Outage[], { edges, origins }: Redundant) {
    const down = (id: string) => unionOf(outages.filter(({ part }) => part === id).map(spanOf));
    const allDown = (ids: readonly { id: string }[]) =>
      ids.map(({ id }) => down(id)).reduce(intersectionOf);
    const forAll = [...NEEDED_BY_ALL.flatMap(down), ...allDown(origins)];
    this.#byEdge = new Map(edges.map(({ id, ws }) => [ws, unionOf([...forAll, ...down(id)])]));
    this.#anyEdge = unionOf([...forAll, ...allDown(edges)]);
  }

  /** Of this span, the time in which all was there that a send of the device needed. */
  unexcusedMs(device: DeviceHistory, { from, to }: Span): number {
    let sum = 0;
    for (const link of this.#linksOf(device)) {
      const piece = { from: Math.max(from, link.from), to: Math.min(to, link.to) };
      if (piece.from >= piece.to) continue;
      const excused = link.edge === undefined ? undefined : this.#byEdge.get(link.edge);
      sum += piece.to - piece.from - lengthWithin(excused ?? this.#anyEdge, piece);
    }
    return sum;
  }

  #linksOf(device: DeviceHistory): Link[] {
    const known = this.#links.get(device) ?? linksOf(device);
    this.#links.set(device, known);
    return known;
  }
}

/** The edge to which a device is connected in some time, if it is to any. */
interface Link extends Span {
  edge?: string;
}

function linksOf({ entries }: DeviceHistory): Link[] {
  const links: Link[] = [{ from: -Infinity, to: Infinity }];
  const begin = (link: Link) => {
    links.at(-1)!.to = link.from;
    links.push(link);
  };
  for (const entry of entries) {
    const span = { from: entry.at, to: Infinity };
    if (entry.kind === "connected") begin({ ...span, edge: entry.edge });
    else if (entry.kind === "closed" || entry.kind === "started") begin(span);
  }
  return links;
}

function spanOf({ downAt, readyAt }: Outage): Span {
  return { from: downAt, to: readyAt };
}
