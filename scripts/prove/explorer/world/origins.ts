/**
 * Two origins as they are: each takes sends, commits, answers, publishes and makes digests, and may
 * crash between any two of these.
 *
 * Invariant: what was committed is the database's, and what an origin only knows goes with it. Who
 * makes a digest, and from where on, is decided by the real core; a beat may come at any time. What
 * an origin publishes reaches the edge when it publishes it: a slow bus is a slow origin. Both are
 * alike, so which of them is in which state is nothing to anybody.
 *
 * @module
 */

import { type DigestState, startDigest, stepDigest } from "origin/audit/digest.ts";
import type { Gsid } from "shared/gsid.ts";
import { Intern } from "../engine/intern.ts";
import type { OriginBends } from "./bends.ts";
import { EPOCH } from "./cast.ts";
import { AT, ORIGIN } from "./fields.ts";
import type { Stage } from "./stage.ts";

interface Origin {
  /** Places, as bits: stored by it, and to be published. */
  readonly unpublished: number;
  /** As at time 0, when it is due. */
  readonly digest: DigestState;
  /** The places of the digest that it has read and not published. */
  readonly read: readonly [after: number, upto: number] | undefined;
}

const NOW = { nowMs: 0, jitterMs: 0 };
const WHO = [0, 1] as const;

export class Origins {
  readonly #states = new Intern<Origin>();
  readonly #bends: OriginBends;

  constructor(bends: OriginBends, upto: Gsid) {
    this.#bends = bends;
    // The last digest before all this was that of place 0.
    const heard = { ...started(), digest: { ...started().digest, epoch: EPOCH, upto } };
    this.#states.of(heard);
  }

  /** All steps of both, and the edge's first question. */
  take(stage: Stage): void {
    begin(stage);
    for (const who of WHO) {
      if (who === 1 && stage.now[ORIGIN[0]] === stage.now[ORIGIN[1]]) break;
      const origin = this.#of(stage.now, who);
      this.#receive(stage, who, origin);
      this.#publish(stage, who, origin);
      this.#makeDigest(stage, who, origin);
      this.#crash(stage, who);
    }
  }

  /**
   * Commit and answer, or a crash between them: one before the commit is one before the send came,
   * and a slow answer is a slow client.
   */
  #receive(stage: Stage, who: 0 | 1, origin: Origin): void {
    const { history, next, sends } = stage.chapter;
    const answered = stage.now[AT.answered]!;
    // One client sends them, each when the one before is answered.
    const send = sends.find((each) => !(answered & (1 << each)));
    if (send === undefined) return;
    const isStored = history.sends.includes(send);
    if (isStored) this.#find(stage, send);
    const chapter = next.find((each) => each.send === send);
    if (!chapter || (isStored && !this.#bends.forgetful)) return;
    const s = stage.copy();
    s[AT.chapter] = chapter.number;
    s[AT.answered]! |= 1 << send;
    this.#set(s, who, { ...origin, unpublished: origin.unpublished | 1 << (stage.head + 1) });
    stage.done("store", true, send, stage.head + 1);
    this.#die(stage, who, send, chapter.number);
  }

  /** It crashes before it answers; where the rule is broken, it has answered and not committed. */
  #die(stage: Stage, who: 0 | 1, send: number, chapter: number): void {
    const s = stage.spend(AT.crashes);
    if (!s) return;
    if (this.#bends.hasty) s[AT.answered]! |= 1 << send;
    else s[AT.chapter] = chapter;
    this.#set(s, who, started());
    stage.done("half store", false, send, stage.head + 1);
  }

  /** What is stored comes again, and is answered by what the database finds. */
  #find(stage: Stage, send: number): void {
    const place = this.#bends.forgetful ? 0 : stage.chapter.history.placeOfRepeat(send);
    if (place === 0) return;
    const s = stage.copy();
    s[AT.answered]! |= 1 << send;
    stage.done("find", true, send, place);
  }

  /** In the order of the commits. */
  #publish(stage: Stage, who: 0 | 1, origin: Origin): void {
    const place = 31 - Math.clz32(origin.unpublished & -origin.unpublished);
    if (place < 0) return;
    const s = stage.copy();
    this.#set(s, who, { ...origin, unpublished: origin.unpublished & ~(1 << place) });
    for (const each of stage.chapter.published) {
      if (each.place === place && !each.ottos) stage.edge.hub(s, each.input, stage.head);
    }
    stage.done("publish", true, place);
  }

  #makeDigest(stage: Stage, who: 0 | 1, origin: Origin): void {
    const { head, chapter: { calendar } } = stage;
    if (origin.read) return this.#publishDigest(stage, who, origin, origin.read);
    const { upto } = origin.digest;
    if (upto !== undefined && calendar.placeOf(upto) === head) return this.#repeatHead(stage);
    const { state, effects: [effect] } = stepDigest(origin.digest, { kind: "tick", ...NOW });
    const after = effect!.after === undefined ? head : calendar.placeOf(effect!.after);
    this.#set(stage.copy(), who, { ...origin, digest: state, read: [after, head] });
    stage.done("read digest", true, after, head);
  }

  /** An empty digest tells only an edge that is behind anything. */
  #repeatHead(stage: Stage): void {
    const { now, edge, head } = stage;
    const { begun, judging } = edge.hubFacts(now);
    if (!begun || judging || edge.proven(now) === head) return;
    edge.hub(stage.copy(), this.#digestInput(stage, head, head), head);
    stage.done("publish digest", true, head, head);
  }

  #publishDigest(
    stage: Stage,
    who: 0 | 1,
    origin: Origin,
    [after, upto]: readonly [number, number],
  ): void {
    const { edge, chapter, head } = stage;
    // One that came now would wait until then.
    if (edge.hubFacts(stage.now).judging) return;
    const { gsidOf } = chapter.calendar;
    const span = { epoch: EPOCH, after: gsidOf(after), upto: gsidOf(upto) };
    const s = stage.copy();
    const made = stepDigest(origin.digest, { kind: "made", digest: span, nowMs: 0 }).state;
    const echoed = stepDigest(made, { kind: "heard", digest: span, ...NOW }).state;
    const other = this.#of(stage.now, who === 0 ? 1 : 0);
    const heard = stepDigest(other.digest, { kind: "heard", digest: span, ...NOW }).state;
    this.#write(s, [
      { ...origin, digest: echoed, read: undefined },
      { ...other, digest: heard },
    ]);
    edge.hub(s, this.#digestInput(stage, after, upto), head);
    stage.done("publish digest", true, after, upto);
  }

  #digestInput({ edge, chapter, head }: Stage, after: number, upto: number): number {
    const number = chapter.digest(after, upto);
    const { digest: bend } = this.#bends;
    if (!bend) return number;
    const input = edge.hubs.inputs.at(number);
    if (input.do !== "judge") return number;
    const digest = bend(input.digest, head, chapter.calendar.gsidOf);
    return edge.hubs.inputs.of({ do: "judge", digest });
  }

  #crash(stage: Stage, who: 0 | 1): void {
    const s = stage.spend(AT.crashes);
    if (!s) return;
    this.#set(s, who, started());
    stage.done("origin crash", false);
  }

  #of(s: Int32Array, who: 0 | 1): Origin {
    return this.#states.at(s[ORIGIN[who]]!);
  }

  #set(s: Int32Array, who: 0 | 1, origin: Origin): void {
    this.#write(s, [origin, this.#of(s, who === 0 ? 1 : 0)]);
  }

  #write(s: Int32Array, both: readonly [Origin, Origin]): void {
    const numbers = both.map((each) => this.#states.of({ ...each, digest: asDue(each.digest) }));
    s[AT.originA] = Math.min(...numbers);
    s[AT.originB] = Math.max(...numbers);
  }
}

/** An edge that has just started asks for the head, until it is answered. */
function begin(stage: Stage): void {
  const { now, edge, chapter, head } = stage;
  if (edge.hubFacts(now).begun) return;
  edge.hub(stage.copy(), chapter.digest(head, head), head);
  stage.done("begin", true, head);
}

function started(): Origin {
  return { unpublished: 0, digest: asDue(startDigest(0, 0)), read: undefined };
}

/** Beats come at any time: how long the next is waited for is nothing. */
function asDue(digest: DigestState): DigestState {
  return { ...digest, dueMs: 0 };
}
