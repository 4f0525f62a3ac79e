/**
 * The device and its socket; another connection on the same edge; the edge's own end.
 *
 * Invariant: a socket is first in, first out, and what it holds is lost with it. A device stores
 * what it receives together with the cursor that came with it.
 *
 * @module
 */

import { AT, type Slot, SLOTS, SOCKET } from "./fields.ts";
import type { BusOptions } from "./bus_steps.ts";
import { PAIR_CONVERSATION, TEAM_CONVERSATION } from "./cast.ts";
import type { Stage } from "./stage.ts";

export function takeDeviceSteps(stage: Stage, { origins }: BusOptions): void {
  for (const slot of SLOTS) {
    if (!(stage.now[AT.reads]! & (1 << slot))) continue;
    receive(stage, slot);
    ping(stage, slot);
    reply(stage, slot);
  }
  crash(stage, origins !== undefined);
  comeOrGo(stage);
}

function receive(stage: Stage, slot: Slot): void {
  const { now, edge } = stage;
  const queue = now[SOCKET[slot]]!;
  if (queue === 0) return;
  const s = stage.copy();
  const { place, offset } = edge.frames.first(queue);
  s[SOCKET[slot]] = edge.frames.rest(queue);
  if (place > 0) s[AT.got]! |= 1 << place;
  if (offset > 0) s[AT.cursor] = offset;
  if (place === 0 && offset === 0) s[AT.pongs]!++;
  stage.done("receive", true, place, offset);
}

function ping(stage: Stage, slot: Slot): void {
  const { now, edge, head } = stage;
  const s = edge.feedFacts(now, slot)!.started && stage.spend(AT.pings);
  if (s) {
    for (const frame of stage.bends.pinged?.(edge.proven(s)) ?? []) edge.push(s, slot, frame);
    edge.feed(s, slot, edge.feeds.inputs.of({ do: "ping" }), head);
    stage.done("ping", false);
  }
  if (now[AT.pongs] === 0) return;
  const answered = stage.spend(AT.pongs)!;
  edge.feed(answered, slot, edge.feeds.inputs.of({ do: "pong" }), head);
  stage.done("pong", true);
}

/** Dora's connection is told the gsid of what it sent. */
function reply(stage: Stage, slot: Slot): void {
  const { now, edge, chapter, head } = stage;
  for (let place = 1; place <= head; place++) {
    if (!(now[AT.answers]! & (1 << place))) continue;
    const s = stage.copy();
    s[AT.answers]! &= ~(1 << place);
    const isGroups = chapter.history.kinds[place - 1] === "own group";
    const conversation = isGroups ? TEAM_CONVERSATION : PAIR_CONVERSATION;
    const gsid = chapter.calendar.gsidOf(place);
    edge.feed(s, slot, edge.feeds.inputs.of({ do: "replied", gsid, conversation }), head);
    stage.done("reply", false, place);
  }
}

/** What is to crash anywhere is any of all, the device with them. */
function crash(stage: Stage, isAnybody: boolean): void {
  const s = stage.spend(AT.crashes);
  if (!s) return;
  stage.edge.boot(s);
  stage.done("crash", false);
  if (!isAnybody) return;
  for (const slot of SLOTS) {
    if (!(stage.now[AT.reads]! & (1 << slot))) continue;
    stage.edge.end(stage.spend(AT.crashes)!, slot, stage.head);
    stage.done("device crash", false);
  }
}

function comeOrGo(stage: Stage): void {
  const { now, edge, chapter, head } = stage;
  if (!edge.hubFacts(now).begun) return;
  const s = stage.spend(AT.comings);
  if (!s) return;
  const give = (input: Parameters<typeof edge.hubs.inputs.of>[0]) =>
    edge.hub(s, edge.hubs.inputs.of(input), head);
  const who = "other";
  s[AT.other] = 1 - s[AT.other]!;
  if (s[AT.other] === 0) {
    give({ do: "leave", who });
    return stage.done("go", false);
  }
  const groups = chapter.ottos;
  give({ do: "enter inbox", who });
  give({ do: "enter groups", who, groups });
  give({ do: "settle", who, head: chapter.calendar.gsidOf(head), groups });
  stage.done("come", false);
}
