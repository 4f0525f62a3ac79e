/**
 * What an alert is: when it fires, what it tells, and a case in which it does and one in which not.
 *
 * Invariant: an alert is its expression and its cases together, so that no expression is without
 * them; its entry in the runbook has its name. Pure: nothing here reads or writes.
 *
 * @module
 */

/**
 * - `page`: users notice, or will soon; somebody must look now.
 * - `ticket`: nobody notices yet; look in working hours.
 */
export type Severity = "page" | "ticket";

/** Series in Prometheus' own notation, a sample a minute: `{ "up": "1 1 0x10" }`. */
export type Series = Readonly<Record<string, string>>;

export interface Alert {
  name: string;
  severity: Severity;
  /** How long it must hold before anybody is told, such as `2m`. */
  for: string;
  expr: string;
  /** May name labels, as `{{ $labels.instance }}`, and nothing else that varies. */
  summary: string;
  /** Twenty minutes in, it fires, with these labels beside its severity. */
  fires: Series;
  labels?: Readonly<Record<string, string>>;
  /** Twenty minutes in, it does not, although something is the matter. */
  quiet: Series;
}

export interface AlertGroup {
  name: string;
  alerts: readonly Alert[];
}

/** A quantile over all processes, or by what is named, of what was observed lately. */
export function quantile(q: number, metric: string, { by = [] as string[], over = "5m" } = {}) {
  return `histogram_quantile(${q}, sum by (${["le", ...by].join(", ")}) (rate(${
    bucketOf(metric)
  }[${over}])))`;
}

function bucketOf(metric: string): string {
  const [name, labels] = metric.split("{");
  return `${name}_bucket${labels === undefined ? "" : `{${labels}`}`;
}
