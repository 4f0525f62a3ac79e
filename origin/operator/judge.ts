/**
 * Whether the system is well, and if not, why.
 *
 * Invariant: `bad` is what users notice now; each reason is a fault that can be looked at on the
 * page. The thresholds are those of the alerts, without their patience: this is of this moment.
 * Pure.
 *
 * @module
 */

import { nameOf, programOf, type Replica } from "./fleet.ts";
import { DELIVERY, figureOf, maxOf, minOf, quantileOf, spreadOf } from "./measure.ts";
import { stateOf, type StateWord } from "./state.ts";
import { count, named, seconds, several, share } from "./words.ts";

export type Tone = "well" | "poor" | "bad";

export interface Verdict {
  tone: Tone;
  words: string;
  reasons: Reason[];
}

export interface Reason {
  tone: Exclude<Tone, "well">;
  words: string;
}

const LIMITS = {
  digestSilenceS: 15,
  behindS: 15,
  lateCheckS: 60,
  backlogS: 60,
  deliveryP90S: 1,
  fullness: 0.8,
};

/** `self`: the replica that judges. */
export function judge(replicas: readonly Replica[], self: string): Verdict {
  const own = replicas.find(({ id }) => id === self)?.report;
  const reasons = [
    ...(own?.faults.some(([check]) => check === "bus") ? [DEAF] : []),
    ...reasonsOfReplicas(replicas),
    ...reasonsOfFigures(replicas.filter(({ pulse }) => pulse === "heard")),
  ].sort((a, b) => +(b.tone === "bad") - +(a.tone === "bad"));
  const tone = reasons[0]?.tone ?? "well";
  return { tone, words: wordsOf(tone, replicas), reasons };
}

/** What a tab that is not in front shows. */
export function titleOf({ tone, reasons }: Verdict): string {
  if (tone === "well") return "✓ Fanfare";
  return `${tone === "bad" ? "✕" : "!"} ${reasons[0]?.words ?? "Fanfare"}`;
}

const DEAF: Reason = {
  tone: "bad",
  words: "This origin is not connected to NATS: what it says of others is what it heard last",
};

function wordsOf(tone: Tone, replicas: readonly Replica[]): string {
  if (tone === "bad") return "Users notice";
  if (tone === "poor") return "Something is wrong";
  const heard = (program: string) =>
    replicas.filter((one) => programOf(one) === program && one.pulse === "heard").length;
  const edges = several(heard("edge"), "edge"), origins = several(heard("origin"), "origin");
  return `All is well with ${edges} and ${origins}`;
}

function reasonsOfReplicas(replicas: readonly Replica[]): Reason[] {
  const are = (program: string, ...words: StateWord[]) =>
    replicas.filter((one) => programOf(one) === program && words.includes(stateOf(one).word));
  return (["origin", "edge"] as const).flatMap((program) => {
    // One that tells nothing of itself may well be ready.
    const serving = are(program, "ready", "untold");
    const reasons: Reason[] = [];
    const cannot = program === "edge" ? "no client can connect" : "nothing can be sent";
    if (serving.length === 0) {
      reasons.push({ tone: "bad", words: `No ${program} is ready: ${cannot}` });
    }
    for (const word of ["silent", "not ready"] as const) {
      const those = are(program, word);
      if (those.length === 0) continue;
      const who = `${several(those.length, program)} ${those.length === 1 ? "is" : "are"} ${word}`;
      reasons.push({ tone: "poor", words: `${capital(who)}: ${named(those.map(nameOf))}` });
    }
    return reasons;
  });
}

function reasonsOfFigures(alive: readonly Replica[]): Reason[] {
  const figures = (metric: string) => alive.map((replica) => figureOf(replica, metric));
  const reasons: Reason[] = [];
  const say = (isSo: boolean, tone: Reason["tone"], words: string) => {
    if (isSo) reasons.push({ tone, words });
  };
  const silence = minOf(figures("fanfare_origin_digest_silence_seconds"));
  say(
    silence > LIMITS.digestSilenceS,
    "bad",
    `No digest was told for ${seconds(silence)}: what is lost stays away`,
  );
  const slow = quantileOf(spreadOf(alive, DELIVERY), 0.9);
  say(slow > LIMITS.deliveryP90S, "bad", `One delivery in ten takes ${seconds(slow)} or longer`);
  const behind = alive.filter((one) =>
    figureOf(one, "fanfare_edge_proven_age_seconds") > LIMITS.behindS
  );
  say(
    behind.length > 0,
    "poor",
    `${capital(several(behind.length, "edge"))} behind the digest: ${named(behind.map(nameOf))}`,
  );
  const late = minOf(figures("fanfare_origin_late_check_lag_seconds"));
  say(
    late > LIMITS.lateCheckS,
    "poor",
    `The late check is ${seconds(late)} behind: pushes come late`,
  );
  const backlog = maxOf(figures("fanfare_push_backlog_seconds"));
  say(
    backlog > LIMITS.backlogS,
    "poor",
    `Push is ${seconds(backlog)} late, with ${
      count(maxOf(figures("fanfare_push_backlog_jobs")))
    } jobs waiting`,
  );
  const full = alive.filter(({ report }) => (report?.fullest?.ratio ?? 0) > LIMITS.fullness);
  for (const one of full.slice(0, 3)) {
    const { what, ratio } = one.report!.fullest!;
    say(true, "poor", `${nameOf(one)}: ${what.replaceAll("_", " ")} ${share(ratio)} full`);
  }
  const blind = alive.filter((one) => figureOf(one, "fanfare_edge_presence_whole") === 0);
  say(blind.length > 0, "poor", `Presence is not whole in Redis, of ${named(blind.map(nameOf))}`);
  return reasons;
}

function capital(words: string): string {
  return words[0]!.toUpperCase() + words.slice(1);
}
