/**
 * Reading what a replica tells of itself.
 *
 * Invariant: whatever comes over the bus, of another release or from an edge in wrong hands, what
 * is read has the types and the bounds that the page counts on, or nothing is. Pure.
 *
 * @module
 */

import Type from "typebox";
import { Compile } from "typebox/compile";
import type { Report } from "shared/report.ts";
import { MAX_KEPT, MAX_WORDS } from "shared/trouble.ts";

const Words = Type.String({ maxLength: 2 * MAX_WORDS });
const Name = Type.String({ minLength: 1, maxLength: 256 });
const Metric = Type.String({ pattern: "^fanfare_[a-z_]{1,100}$" });
/** More than there are of any release. */
const MAX_METRICS = 64;
const MAX_BUCKETS = 64;

const validator = Compile(Type.Object({
  program: Type.Union([Type.Literal("edge"), Type.Literal("origin")]),
  name: Name,
  version: Name,
  atMs: Type.Number(),
  draining: Type.Boolean(),
  faults: Type.Array(Type.Tuple([Name, Words]), { maxItems: MAX_METRICS }),
  figures: Type.Record(Metric, Type.Number(), {
    maxProperties: MAX_METRICS,
    additionalProperties: false,
  }),
  spreads: Type.Record(
    Metric,
    Type.Array(Type.Number({ minimum: 0 }), { maxItems: MAX_BUCKETS }),
    { maxProperties: MAX_METRICS, additionalProperties: false },
  ),
  fullest: Type.Optional(Type.Object({ what: Name, ratio: Type.Number() })),
  trouble: Type.Array(
    Type.Object({
      at: Type.Number({ minimum: 0, maximum: 8.64e15 }),
      level: Type.Union([Type.Literal("warning"), Type.Literal("error")]),
      words: Words,
      times: Type.Number({ minimum: 1 }),
    }),
    { maxItems: 4 * MAX_KEPT },
  ),
}));

/** `undefined`: it tells nothing, or nothing that this release understands. */
export function readReport(told: unknown): Report | undefined {
  if (told !== undefined && validator.Check(told)) return told as Report;
}
