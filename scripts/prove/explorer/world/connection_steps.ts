/**
 * A connection's life: connect, reads, takeover, and its end.
 *
 * Invariant: a snapshot is taken at some head between the question and the answer, on the primary.
 *
 * @module
 */

import type { Control } from "shared/bus/live.ts";
import { inboxTopic } from "shared/topic.ts";
import { DORA } from "./cast.ts";
import { ASKED, AT, ENTERED_AT, FEED, type Slot, SLOTS } from "./fields.ts";
import type { Stage } from "./stage.ts";

export interface ConnectionOptions {
  /** The device names itself: of its connections only the newest stays. */
  named: boolean;
  /** The edge may not see that a connection is lost, and the device connects anew meanwhile. */
  lingers: boolean;
  /** What the old connection still carries reaches the device all the same. */
  bothRead: boolean;
}

export function takeConnectionSteps(stage: Stage, options: ConnectionOptions): void {
  for (const slot of SLOTS) {
    if (stage.now[FEED[slot]] === 0) continue;
    begin(stage, slot);
    answer(stage, slot, options);
    if (options.named) takeOver(stage, slot);
    lose(stage, slot, options);
  }
  connect(stage, options);
}

function connect(stage: Stage, { bothRead }: ConnectionOptions): void {
  const { now, edge, chapter, head } = stage;
  if (now[AT.connects] === 0 || !edge.hubFacts(now).begun) return;
  if (now[AT.reads] !== 0 && !bothRead) return;
  const slot = SLOTS.find((each) => now[FEED[each]] === 0);
  if (slot === undefined) return;
  const s = stage.copy();
  s[AT.connects]!--;
  edge.open(s, slot);
  const isReset = s[AT.reset] === 1;
  s[AT.reset] = 0;
  const since = isReset ? undefined : chapter.calendar.gsidOf(s[AT.cursor]!);
  edge.feed(s, slot, edge.feeds.inputs.of({ do: "attach", since }), head);
  stage.done("connect", false, s[AT.cursor]!);
}

/** The connect is answered, and what was read is sent. */
function begin(stage: Stage, slot: Slot): void {
  const { now, edge, head, chapter } = stage;
  const { attachedAt, isNew } = edge.feedFacts(now, slot)!;
  if (attachedAt === undefined) return;
  const s = stage.copy();
  if (isNew && now[AT.reads]! & (1 << slot)) {
    // The app reloads, and goes on from the head that the answer names.
    s[AT.cursor] = chapter.calendar.placeOf(attachedAt);
    s[AT.got]! |= chapter.forDora & (2 ** (s[AT.cursor]! + 1) - 1);
  }
  edge.feed(s, slot, edge.feeds.inputs.of({ do: "start" }), head);
  stage.done("start", true);
}

function answer(stage: Stage, slot: Slot, { named }: ConnectionOptions): void {
  const { now, edge, chapter, head } = stage;
  for (const call of edge.feedFacts(now, slot)!.open) {
    const { name } = call;
    const isRead = name === "enter" || name === "catch up";
    const first = !isRead ? head : stage.bends.stale && name === "catch up" ? 0 : now[ASKED[slot]]!;
    for (let read = first; read <= head; read++) {
      const s = stage.copy();
      if (name === "enter" && named) s[ENTERED_AT[slot]] = ++s[AT.clock]!;
      const at = s[ENTERED_AT[slot]]!;
      edge.feed(s, slot, chapter.answerFeed(call, read, at), head);
      stage.done("feedAnswer", true, read);
    }
    const s = isRead && stage.spend(AT.failures);
    if (!s) continue;
    edge.feed(s, slot, edge.feeds.inputs.of({ do: "fail", call: name }), head);
    stage.done("feedFail", false);
  }
}

/** An origin tells the others that a connection has taken its device. */
function takeOver(stage: Stage, slot: Slot): void {
  const { now, edge, head } = stage;
  for (let at = 1; at <= now[AT.clock]!; at++) {
    if (!(now[AT.claims]! & (1 << at))) continue;
    const control: Control = { type: "taken", device: "phone", connection: `${at}`, at };
    const data = JSON.stringify(control);
    const live = { kind: "control", gsid: 0, membership: 0, data } as const;
    const only = slot === 0 ? "a" : "b";
    const input = edge.hubs.inputs.of({ do: "hear", topic: inboxTopic(DORA), live, only });
    edge.hub(stage.copy(), input, head);
    stage.done("taken", false, slot, at);
  }
}

function lose(stage: Stage, slot: Slot, { lingers, bothRead }: ConnectionOptions): void {
  const { now, edge, head } = stage;
  if (!(now[AT.reads]! & (1 << slot))) {
    edge.end(stage.copy(), slot, head);
    stage.done("notice", false, slot);
    return;
  }
  if (now[AT.drops] === 0) return;
  edge.end(stage.spend(AT.drops)!, slot, head);
  stage.done("drop", false);
  if (!lingers || bothRead) return;
  const s = stage.spend(AT.drops)!;
  edge.abandon(s, slot);
  stage.done("linger", false);
}
