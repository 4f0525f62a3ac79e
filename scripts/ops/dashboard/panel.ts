/**
 * A panel of the dashboard as values, and the few forms of query that panels are made of.
 *
 * Invariant: every query is narrowed by the dashboard's variables, so no panel shows another system.
 * Pure; knows nothing of Grafana.
 *
 * @module
 */

export type Unit = "s" | "bytes" | "Bps" | "percentunit" | "cps" | "short" | "none";

export interface Query {
  expr: string;
  /** Names of labels in double braces, such as `{{instance}}`. */
  legend: string;
}

export interface PanelSpec {
  title: string;
  unit: Unit;
  queries: readonly Query[];
  /** One number instead of a graph. */
  stat?: true;
  /** Read by whoever hovers over the title. */
  about?: string;
  /** Shows nothing until something unusual happens. */
  rare?: true;
}

/** Of a panel some of whose lines are not there before something happens. */
export const FIRST_UNSEEN =
  "A line that was not there is made by the first of a kind, at 0: a rate is of what comes after it";

export interface Row {
  title: string;
  panels: readonly PanelSpec[];
}

/** A metric of the processes that are chosen, with these labels. */
export function of(metric: string, labels = ""): string {
  return `${metric}{job=~"$job",instance=~"$instance"${labels && `,${labels}`}}`;
}

export interface Narrowed {
  /** The labels to tell apart by, such as `what, instance`. */
  by?: string;
  /** Only those with these, such as `by="live"`. */
  labels?: string;
}

/** How often a second. */
export function rate(metric: string, { by, labels }: Narrowed = {}): Query {
  return {
    expr: `sum${grouped(by)} (rate(${of(metric, labels)}[$__rate_interval]))`,
    legend: legendOf(metric, by),
  };
}

export function sum(metric: string, { by, labels }: Narrowed = {}): Query {
  return { expr: `sum${grouped(by)} (${of(metric, labels)})`, legend: legendOf(metric, by) };
}

export function max(metric: string, { by, labels }: Narrowed = {}): Query {
  return { expr: `max${grouped(by)} (${of(metric, labels)})`, legend: legendOf(metric, by) };
}

/**
 * Of something that all origins see alike, such as the mark of the late check: an origin that is cut off
 * shows how long it has not looked, and the one that shows the least has looked last.
 */
export function min(metric: string): Query {
  return { expr: `min (${of(metric)})`, legend: legendOf(metric, undefined) };
}

/** Of those processes alone that observe this histogram now: what others show is of long ago. */
export function maxOfBusy(metric: string, histogram: string): Query {
  const busy = `rate(${of(`${histogram}_count`)}[$__rate_interval]) > 0`;
  return { expr: `max (${of(metric)} and ${busy})`, legend: legendOf(metric, undefined) };
}

/** One part of another. */
export function share(part: Query, whole: Query, legend: string): Query {
  return { expr: `${part.expr} / ${whole.expr}`, legend };
}

/** The quantile that is chosen, of a histogram. */
export function quantile(metric: string, { by, labels }: Narrowed = {}): Query {
  const buckets = `rate(${of(`${metric}_bucket`, labels)}[$__rate_interval])`;
  const kept = by === undefined ? "le" : `le, ${by}`;
  return {
    expr: `histogram_quantile($quantile, sum by (${kept}) (${buckets}))`,
    legend: legendOf(metric, by),
  };
}

function grouped(by: string | undefined): string {
  return by === undefined ? "" : ` by (${by})`;
}

/** The labels that tell apart; without any, what is counted. */
function legendOf(metric: string, by: string | undefined): string {
  if (by !== undefined) return by.split(", ").map((label) => `{{${label}}}`).join(" ");
  return metric.replace(/^fanfare_[a-z]+_|_total$/g, "").replaceAll("_", " ");
}
