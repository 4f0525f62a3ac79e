/**
 * What an edge proves it must have handed out: to each subscription, every event of its topic that
 * was committed since the subscription stands.
 *
 * Invariant: it keeps its own account, from what the ledger is told and asked, and looks at it when
 * `proven` moves.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import { topicsOf } from "shared/event.ts";
import type { TopicKey } from "shared/topic.ts";
import type { Judgement, Ledger } from "edge/hub/ledger.ts";
import type { Chronicle } from "../model/chronicle.ts";
import { above, type EventRow, type Tables } from "../model/postgres/tables.ts";
import type { Judge } from "./judge.ts";

interface Standing {
  topic: TopicKey;
  /** The head when it began. */
  since: Gsid;
  handed: Set<Gsid>;
}

export interface HandOutsDeps {
  tables: Tables;
  judge: Judge;
  chronicle: Chronicle;
}

/** Follows a ledger from its beginning. */
export function watchHandOuts(ledger: Ledger, deps: HandOutsDeps): void {
  const standing = new Map<string, Standing>();
  const { tables, chronicle } = deps;
  const { enter, leave, hand, prove, judge } = ledger;
  ledger.enter = (key, topic) => {
    standing.set(key, { topic, since: tables.last, handed: new Set() });
    enter.call(ledger, key, topic);
  };
  ledger.leave = (key) => {
    standing.delete(key);
    leave.call(ledger, key);
  };
  ledger.hand = (key, gsid) => {
    const isNew = hand.call(ledger, key, gsid);
    if (isNew) standing.get(key)?.handed.add(gsid);
    return isNew;
  };
  ledger.judge = (digest): Judgement => {
    const judgement = judge.call(ledger, digest);
    chronicle.note(`judged: ${judgement.kind}`, digest.upto);
    return judgement;
  };
  ledger.prove = (upto) => {
    const before = ledger.proven;
    if (upto > before) checkProven(before, upto, standing, deps);
    prove.call(ledger, upto);
  };
}

function checkProven(
  after: Gsid,
  upto: Gsid,
  standing: ReadonlyMap<string, Standing>,
  { tables, judge }: HandOutsDeps,
): void {
  const events = tables.events;
  for (let at = above(events, after); at < events.length && events[at]!.gsid <= upto; at++) {
    const event = events[at]!;
    const topics = topicsOf(event);
    for (const [key, { topic, since, handed }] of standing) {
      if (event.gsid <= since || handed.has(event.gsid) || !topics.includes(topic)) continue;
      judge.fail(describe(event, key, upto));
    }
  }
}

function describe({ gsid }: EventRow, key: string, upto: Gsid): string {
  return `proven moved to ${upto}, but ${gsid} was not handed to "${key}"`;
}
