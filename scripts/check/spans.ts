/**
 * What the Deno runtime would export besides the traces of messages, as the environment says.
 *
 * Invariant: what is a failure here keeps a program from starting. Knows nothing of how messages are
 * traced; the variables are the runtime's own, which no program reads.
 *
 * @module
 */

import type { Environment } from "shared/config/read.ts";
import { failure, type Finding, warning } from "./finding.ts";

/** The settings of the runtime begin with this. */
export const OF_RUNTIME = "OTEL_";

/** Without them a program does not start while the runtime exports. */
export const NEEDED = { OTEL_TRACES_SAMPLER: "parentbased_always_off", OTEL_PROPAGATORS: "none" };

export function checkSpans(
  program: "edge" | "origin",
  environment: Environment,
  traceRatio: number | undefined,
): Finding[] {
  const subject = `${program} traces`;
  if (environment.OTEL_DENO !== "true") {
    if (!traceRatio) return [];
    const mend = "Set OTEL_DENO to true and OTEL_EXPORTER_OTLP_ENDPOINT to a collector";
    return [warning(subject, "TRACE_RATIO is set, and nobody exports what is traced", mend)];
  }
  return Object.entries(NEEDED).filter(([name, value]) => environment[name] !== value)
    .map(([name, value]) =>
      failure(
        subject,
        `${name} is not ${value}: the runtime exports requests, push tokens among them`,
        `Set ${name} to ${value}; see scripts/ops/TRACING.md`,
      )
    );
}
