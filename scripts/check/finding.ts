/**
 * What a look at one thing found, in words for whoever runs the system.
 *
 * Invariant: whatever is not well says how it is mended. Pure.
 *
 * @module
 */

export type Level = "ok" | "warning" | "failure";

export interface Finding {
  /** What was looked at, such as `origin postgres`. */
  subject: string;
  level: Level;
  says: string;
  /** What to do about it; missing only when all is well. */
  mend?: string;
}

export function ok(subject: string, says: string): Finding {
  return { subject, level: "ok", says };
}

export function warning(subject: string, says: string, mend: string): Finding {
  return { subject, level: "warning", says, mend };
}

export function failure(subject: string, says: string, mend: string): Finding {
  return { subject, level: "failure", says, mend };
}

/** `whose` before the subject of each: the same thing may be well for one and not for the other. */
export function of(whose: string, findings: readonly Finding[]): Finding[] {
  return findings.map((finding) => ({ ...finding, subject: `${whose} ${finding.subject}` }));
}

export function count(findings: readonly Finding[], level: Level): number {
  return findings.filter((finding) => finding.level === level).length;
}
