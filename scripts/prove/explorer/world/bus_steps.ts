/**
 * What reaches the edge from the origins: events, digests and answers.
 *
 * Invariant: unless the origins are looked at themselves, both fast path and digest are adversaries: what was published arrives at any time,
 * again, or never, and so does any digest. Only what the edge asks for is answered in the end. What
 * the hub holds back is not repeated meanwhile: it would hold any number of copies.
 *
 * @module
 */

import { TEAM_TOPIC } from "./cast.ts";
import { AT, SLOTS } from "./fields.ts";
import type { Origins } from "./origins.ts";
import type { Stage } from "./stage.ts";

export interface BusOptions {
  /** Left out: the origins are not looked at, and whatever they might do may happen. */
  origins?: Origins;
  /** Groups are let go when they are idle. */
  archives: boolean;
}

export function takeBusSteps(stage: Stage, { origins, archives }: BusOptions): void {
  if (origins) {
    origins.take(stage);
  } else {
    commit(stage);
    hear(stage);
    hearDigests(stage);
  }
  answer(stage);
  if (archives) letGo(stage);
}

function commit(stage: Stage): void {
  const isDoraHere = SLOTS.some((slot) =>
    stage.now[AT.reads]! & (1 << slot) && stage.edge.feedFacts(stage.now, slot)!.started
  );
  for (const { kind, number } of stage.chapter.next) {
    const isOwn = kind === "own direct" || kind === "own group";
    if (isOwn && !isDoraHere) continue;
    const s = stage.copy();
    s[AT.chapter] = number;
    if (isOwn) s[AT.answers]! |= 1 << (stage.head + 1);
    stage.done("commit", false, stage.head + 1);
  }
}

function hear(stage: Stage): void {
  const { now, edge, chapter, head } = stage;
  const isOttoHere = now[AT.other] === 1;
  if (!isOttoHere && now[AT.feedA] === 0 && now[AT.feedB] === 0) return;
  const { held } = edge.hubFacts(now);
  for (const { input, ottos, topic, place, which } of chapter.published) {
    if (ottos && !isOttoHere) continue;
    if (topic === TEAM_TOPIC && held.includes(chapter.calendar.gsidOf(place))) continue;
    edge.hub(stage.copy(), input, head);
    stage.done("hear", false, place, which);
  }
}

function hearDigests(stage: Stage): void {
  const { now, edge, chapter, head } = stage;
  const { begun, judging } = edge.hubFacts(now);
  if (judging) return;
  const proven = begun ? edge.proven(now) : -1;
  for (let upto = 0; upto <= head; upto++) {
    for (let after = 0; after <= upto; after++) {
      edge.hub(stage.copy(), chapter.digest(after, upto), head);
      // Whatever is lost: an edge that hears nothing asks, and again until it is answered.
      const isAsked = upto === head && after === (begun ? proven : head);
      stage.done(isAsked ? "ask" : "digest", isAsked, after, upto);
    }
  }
}

function answer(stage: Stage): void {
  const { now, edge, chapter, head } = stage;
  for (const call of edge.hubFacts(now).open) {
    // What is read because of a digest lies below it, and never changes.
    const isFixed = call.name === "mend" || call.name === "grace" || call.name === "pause";
    for (let read = isFixed ? head : now[AT.hubAsked]!; read <= head; read++) {
      edge.hub(stage.copy(), chapter.answerHub(call, read), head);
      stage.done("hubAnswer", true, read);
    }
    const s = call.name !== "grace" && call.name !== "pause" && stage.spend(AT.failures);
    if (!s) continue;
    const input = stage.bends.failed?.(call.name) ?? { do: "fail", call: call.name };
    edge.hub(s, edge.hubs.inputs.of(input), head);
    stage.done("hubFail", false);
  }
}

function letGo(stage: Stage): void {
  const { edge, head } = stage;
  edge.hub(stage.copy(), edge.hubs.inputs.of({ do: "let go of what is idle" }), head);
  stage.done("idle", false);
}
