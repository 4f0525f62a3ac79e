/**
 * The figures of a bench as a table.
 *
 * @module
 */

import type { LoadFigures, LoadTotals, Scenario } from "./scenario.ts";
import { membersOf } from "./scenario.ts";

export interface Outcome {
  scenario: Scenario;
  figures: LoadFigures;
  totals: LoadTotals;
  /** Messages that the database holds of this run. */
  rows: number;
  /** Microseconds that each process used while it was measured. */
  cpuUs: Record<string, number>;
}

/** What is wrong with an outcome: nothing may be lost, doubled or made up. */
export function faultsOf({ scenario, totals, rows }: Outcome): string[] {
  const { acks, deliveries, repeats, failures, lost } = totals;
  const expected = rows * membersOf(scenario);
  const faults: string[] = [];
  if (rows !== acks) faults.push(`${rows} rows but ${acks} acks`);
  if (deliveries !== expected) faults.push(`${deliveries} deliveries instead of ${expected}`);
  if (repeats > 0) faults.push(`${repeats} delivered twice`);
  if (failures > 0) faults.push(`${failures} sends failed`);
  if (lost > 0) faults.push(`${lost} messages did not arrive everywhere`);
  return faults;
}

/** As a program reads it. */
export function summaryOf(outcome: Outcome) {
  const { scenario, figures, totals, rows, cpuUs } = outcome;
  const seconds = figures.ms / 1000;
  const perMessage = (us: number) => round(us / Math.max(1, figures.acks), 1);
  const programsUs = Object.values(cpuUs).reduce((sum, us) => sum + us, 0);
  return {
    scenario: scenario.name,
    messages_per_s: Math.round(figures.acks / seconds),
    deliveries_per_s: Math.round(figures.deliveries / seconds),
    ack_ms: figures.ack,
    delivery_ms: figures.delivery,
    cpu_us_per_message: Object.fromEntries(
      Object.entries(cpuUs).map(([name, us]) => [name, perMessage(us)]),
    ),
    cpu_us_per_delivery: round(programsUs / Math.max(1, figures.deliveries), 2),
    load_cpu_us_per_message: perMessage(figures.loadCpuUs),
    rows,
    ...totals,
    faults: faultsOf(outcome),
  };
}

export function tableOf(outcomes: readonly Outcome[]): string {
  const processes = [...new Set(outcomes.flatMap(({ cpuUs }) => Object.keys(cpuUs)))];
  const header = [
    ...["scenario", "msg/s", "deliveries/s", "ack p50", "p99 ms", "delivery p50", "p99 ms"],
    ...processes.map((name) => `${name} µs`),
    ...["µs/delivery", "rows = acks, each delivered once"],
  ];
  const rows = outcomes.map((outcome) => {
    const summary = summaryOf(outcome);
    return [
      summary.scenario,
      String(summary.messages_per_s),
      String(summary.deliveries_per_s),
      summary.ack_ms.p50.toFixed(1),
      summary.ack_ms.p99.toFixed(1),
      summary.delivery_ms.p50.toFixed(1),
      summary.delivery_ms.p99.toFixed(1),
      ...processes.map((name) => String(summary.cpu_us_per_message[name] ?? "-")),
      processes.length ? summary.cpu_us_per_delivery.toFixed(1) : "-",
      summary.faults.length ? `NO: ${summary.faults.join("; ")}` : "yes",
    ];
  });
  return align([header, ...rows]);
}

function align(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row.map((cell, column) =>
      column === 0 || column === row.length - 1
        ? cell.padEnd(widths[column]!)
        : cell.padStart(widths[column]!)
    ).join("  ").trimEnd()
  ).join("\n");
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
