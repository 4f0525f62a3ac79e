/**
 * How far another clock is from this machine's.
 *
 * Invariant: what the way there and back may have taken counts for nobody. Pure.
 *
 * @module
 */

import { failure, type Finding, ok, warning } from "./finding.ts";

export interface ClockSample {
  /** What the other one said, ms since 1970. */
  theirsMs: number;
  /** Our clock before it was asked, and when the answer was there. */
  sentMs: number;
  receivedMs: number;
  /** What it said may have been said so long before: a `Date` header knows whole seconds. */
  grainMs?: number;
}

/** Beyond, presence and resumes are a little worse than they could be. */
const WARNING_MS = 1_000;
/** What an edge forgives a token: beyond, good ones are refused. */
const FAILURE_MS = 30_000;

export function judgeClock(place: string, sample: ClockSample): Finding {
  const subject = `clock of ${place}`;
  const { skewMs, doubtMs } = skewOf(sample);
  const surelyMs = Math.max(0, Math.abs(skewMs) - doubtMs);
  const direction = skewMs > 0 ? "ahead of" : "behind";
  const says = `${seconds(Math.abs(skewMs))} ${direction} this machine's, give or take ${
    seconds(doubtMs)
  }`;
  const mend = `Let NTP set the clocks of this machine and of ${place}: timedatectl set-ntp true`;
  if (surelyMs > FAILURE_MS) return failure(subject, `${says}: good tokens are refused`, mend);
  if (surelyMs > WARNING_MS) return warning(subject, says, mend);
  return ok(subject, `the same as this machine's, give or take ${seconds(doubtMs)}`);
}

function skewOf({ theirsMs, sentMs, receivedMs, grainMs = 0 }: ClockSample) {
  const wayMs = receivedMs - sentMs;
  return {
    skewMs: theirsMs + grainMs / 2 - (sentMs + wayMs / 2),
    doubtMs: (wayMs + grainMs) / 2,
  };
}

/** A sample from the `Date` header of an answer; `undefined` when there is none. */
export function sampleOfDate(
  date: string | null,
  sentMs: number,
  receivedMs: number,
): ClockSample | undefined {
  const theirsMs = Date.parse(date ?? "");
  if (Number.isNaN(theirsMs)) return;
  return { theirsMs, sentMs, receivedMs, grainMs: 1_000 };
}

function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(2)} s` : `${Math.round(ms / 1000)} s`;
}
