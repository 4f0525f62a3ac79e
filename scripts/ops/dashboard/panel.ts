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
